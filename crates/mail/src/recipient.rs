//! Which addresses may appear in an SMTP command.
//!
//! The domain's [`EmailAddress`] may look odd: quoted, spaced, bracketed. In `RCPT TO:<…>` such a
//! text could end the argument and start another, so only what is plainly one address gets through
//! here, whatever the SMTP library checks on its own.

use lettre::Address;
use registrar_domain::threepid::EmailAddress;

/// Mail cannot be sent to this address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("mail cannot be sent to an address of this form")]
pub(crate) struct UnsendableAddress;

/// The longest local part, in bytes (RFC 5321, section 4.5.3.1.1).
const MAX_LOCAL_BYTES: usize = 64;

/// The address as SMTP knows it, with an internationalized domain in its ASCII form.
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
    let domain = idna::domain_to_ascii_strict(domain).map_err(|_| UnsendableAddress)?;
    if !is_dot_atom(local) || !is_host_name(&domain) {
        return Err(UnsendableAddress);
    }
    Address::new(local, domain).map_err(|_| UnsendableAddress)
}

/// Atoms joined by single dots (RFC 5321 `Dot-string`), with letters and digits of all scripts as in
/// RFC 6531.
fn is_dot_atom(local: &str) -> bool {
    let is_atext = |c: char| match c {
        '\0'..='\x7f' => c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c),
        _ => c.is_alphanumeric(),
    };
    local.len() <= MAX_LOCAL_BYTES
        && local
            .split('.')
            .all(|atom| !atom.is_empty() && atom.chars().all(is_atext))
}

/// Letters, digits and inner hyphens in labels joined by dots, and not an IP address.
fn is_host_name(domain: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let is_number = |label: &str| label.bytes().all(|b| b.is_ascii_digit());
    domain.split('.').all(is_label) && !domain.rsplit('.').next().is_some_and(is_number)
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
            ("àlice@example.org", Some("àlice@example.org")),
            ("用户@例え.jp", Some("用户@xn--r8jz45g.jp")),
            ("a@bücher.example", Some("a@xn--bcher-kva.example")),
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
