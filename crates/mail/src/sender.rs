//! `notif_from`: whom mails come from.

use lettre::message::Mailbox;

use crate::options::SetupError;
use crate::{percent, recipient};

/// Reads `notif_from`, a bare address or `Name <address>`.
///
/// # Errors
/// [`SetupError::Sender`], [`SetupError::SenderName`].
pub(crate) fn parse(notif_from: &str, app_name: &str) -> Result<Mailbox, SetupError> {
    // A sender whose percent signs mean nothing is taken as it stands, as Synapse does.
    let text =
        percent::fill(notif_from, &[("app", app_name)]).unwrap_or_else(|_| notif_from.to_owned());
    let text = text.trim();
    let (name, address) = match text.strip_suffix('>').and_then(|t| t.rsplit_once('<')) {
        Some((name, address)) => (unquote(name.trim()), address),
        None => (String::new(), text),
    };
    if name.chars().any(char::is_control) {
        return Err(SetupError::SenderName);
    }
    let address = recipient::parse(address.trim()).map_err(|_| SetupError::Sender)?;
    Ok(Mailbox::new((!name.is_empty()).then_some(name), address))
}

/// The text of a quoted string (RFC 5322, section 3.2.4); any other text as it is.
fn unquote(name: &str) -> String {
    let Some(quoted) = name.strip_prefix('"').and_then(|n| n.strip_suffix('"')) else {
        return name.to_owned();
    };
    let mut text = String::with_capacity(quoted.len());
    let mut chars = quoted.chars();
    while let Some(c) = chars.next() {
        text.extend(if c == '\\' { chars.next() } else { Some(c) });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_addresses() {
        let rows: &[(&str, Option<[&str; 2]>)] = &[
            ("noreply@example.org", Some(["", "noreply@example.org"])),
            ("<noreply@example.org>", Some(["", "noreply@example.org"])),
            ("%(app)s <a@b.org>", Some(["Häuptling, Inc.", "a@b.org"])),
            (
                "Your %(app)s (test) <a@b.org>",
                Some(["Your Häuptling, Inc. (test)", "a@b.org"]),
            ),
            (
                r#""A \"B\", C" <a@b.org>"#,
                Some([r#"A "B", C"#, "a@b.org"]),
            ),
            ("100% %(x)s <a@b.org>", Some(["100% %(x)s", "a@b.org"])),
            ("Evil\r\nBcc: c@d.org <a@b.org>", None),
            ("A <a@b.org", None),
            ("A <a b@c.org>", None),
            ("A <>", None),
            ("nobody", None),
            ("", None),
        ];
        for (text, expected) in rows {
            let mailbox = parse(text, "Häuptling, Inc.").ok();
            let found = mailbox
                .as_ref()
                .map(|m| [m.name.as_deref().unwrap_or_default(), m.email.as_ref()]);
            assert_eq!(found, *expected, "{text:?}");
        }
    }
}
