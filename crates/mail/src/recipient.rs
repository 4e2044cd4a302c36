//! Which addresses may appear in an SMTP command.
//!
//! The domain's [`EmailAddress`] may look odd: quoted, spaced, bracketed. In `RCPT TO:<…>` such a
//! text could end the argument and start another, so only what is plainly one address gets through
//! here, in addition to what the SMTP library checks.

use lettre::Address;
use registrar_domain::model::threepid::EmailAddress;

/// Mail cannot be sent to this address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("mail cannot be sent to an address of this form")]
pub(crate) struct UnsendableAddress;

/// The longest local part, in bytes (RFC 5321, section 4.5.3.1.1).
const MAX_LOCAL_BYTES: usize = 64;

/// The longest domain and the longest label of one, in bytes (RFC 1035, section 2.3.4).
const MAX_DOMAIN_BYTES: usize = 253;
const MAX_LABEL_BYTES: usize = 63;

/// The address as SMTP knows it.
///
/// Addresses beyond ASCII are refused: few mail servers on the way take such local parts, the
/// reference cannot send to either kind, and a domain that only looks like another is best spelled
/// out by its owner, in its ASCII form.
///
/// # Errors
/// [`UnsendableAddress`] for quoted local parts, address literals, and everything that is no dot-atom
/// at a host name.
pub(crate) fn smtp_address(address: &EmailAddress) -> Result<Address, UnsendableAddress> {
    parse(address.as_str())
}

/// Does the same for an address as text.
pub(crate) fn parse(text: &str) -> Result<Address, UnsendableAddress> {
    let (local, domain) = text.rsplit_once('@').ok_or(UnsendableAddress)?;
    if !is_dot_atom(local) || !is_host_name(domain) {
        return Err(UnsendableAddress);
    }
    Address::new(local, domain).map_err(|_| UnsendableAddress)
}

/// Atoms joined by single dots (RFC 5321 `Dot-string`).
fn is_dot_atom(local: &str) -> bool {
    let is_atext = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b);
    local.len() <= MAX_LOCAL_BYTES
        && local
            .split('.')
            .all(|atom| !atom.is_empty() && atom.bytes().all(is_atext))
}

/// Letters, digits and inner hyphens in labels joined by dots, and not an IP address.
fn is_host_name(domain: &str) -> bool {
    let is_label = |label: &str| {
        (1..=MAX_LABEL_BYTES).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let is_number = |label: &str| label.bytes().all(|b| b.is_ascii_digit());
    domain.len() <= MAX_DOMAIN_BYTES
        && domain.split('.').all(is_label)
        && !domain.rsplit('.').next().is_some_and(is_number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_addresses_get_through() {
        let longest = format!("{}@b.org", "l".repeat(64));
        let too_long = format!("{}@b.org", "l".repeat(65));
        let long_label = format!("a@{}.org", "l".repeat(64));
        let rows: &[(&str, Option<&str>)] = &[
            ("alice@example.org", Some("alice@example.org")),
            ("a.b+tag@example.org", Some("a.b+tag@example.org")),
            ("o'neill@example.org", Some("o'neill@example.org")),
            ("alice@localhost", Some("alice@localhost")),
            ("a@xn--bcher-kva.example", Some("a@xn--bcher-kva.example")),
            ("àlice@example.org", None),
            ("用户@例え.jp", None),
            ("a@bücher.example", None),
            ("a@exаmple.org", None),
            (&longest, Some(&longest)),
            (&too_long, None),
            (&long_label, None),
            ("@example.org", None),
            ("alice@", None),
            ("alice", None),
            (".a@example.org", None),
            ("a..b@example.org", None),
            ("a b@example.org", None),
            ("a\u{a0}b@example.org", None),
            ("a\u{200b}b@example.org", None),
            ("\"a b\"@example.org", None),
            ("a>@example.org", None),
            ("a@b> NOTIFY=NEVER", None),
            ("a@b>\r\nRCPT TO:<c@d", None),
            ("a\r\n@b", None),
            ("a\0@b", None),
            ("a,b@c", None),
            ("a@b@c", None),
            ("a@[127.0.0.1]", None),
            ("a@127.0.0.1", None),
            ("a@b..c", None),
            ("a@-b.c", None),
            ("a@b_c.org", None),
            ("a@b.org.", None),
        ];
        for (text, expected) in rows {
            let parsed = parse(text).ok();
            assert_eq!(parsed.as_ref().map(AsRef::as_ref), *expected, "{text:?}");
        }
    }
}
