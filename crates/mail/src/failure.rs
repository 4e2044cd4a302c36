//! What the domain is told when a mail does not go out.

use std::io;
use std::net::IpAddr;
use std::time::Duration;

use lettre::transport::smtp::Error;
use registrar_domain::model::threepid::EmailAddress;
use registrar_domain::ports::MailError;

use crate::connection::Server;

/// The longest text taken over from a mail server, in characters.
const MAX_CHARS: usize = 500;

/// Why the mail server did not take a mail, without the address it was for.
///
/// Mail servers like to repeat the address, and this ends in a log. So the chain of causes is turned
/// into text here, and the address is taken out.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct MaskedFailure(String);

/// Why a mail did not go out, up to the server's answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("it cannot be reached: {0}")]
    Connect(io::Error),
    #[error("{}", explain(.0))]
    Tls(io::Error),
    #[error("it does not offer STARTTLS, which `require_transport_security` requires")]
    NoStartTls,
    #[error(
        "it offers no encryption, and `registrar.email.cleartext_login` does not allow sending the \
         password to {0} unencrypted: use TLS (`force_tls` or STARTTLS), or change that option"
    )]
    CleartextLogin(IpAddr),
    #[error(transparent)]
    Smtp(#[from] Error),
}

fn explain(error: &io::Error) -> String {
    registrar_tls::explain(error).unwrap_or_else(|| format!("TLS failed: {error}"))
}

/// Sorts an error into the domain's kinds. Only an explicit permanent refusal counts as one: a
/// server that lacks STARTTLS today may be one that is being mended.
pub(crate) fn mail_error(server: &str, failure: &Failure, to: &EmailAddress) -> MailError {
    let masked = MaskedFailure(format!("{server}: {}", mask(&failure.to_string(), to))).into();
    match failure {
        Failure::Smtp(error) if error.is_permanent() => MailError::Refused(masked),
        _ => MailError::Transient(masked),
    }
}

/// The mail took too long.
pub(crate) fn timed_out(server: &Server, after: Duration) -> MailError {
    let hint = if server.may_expect_tls() {
        "; on this port, servers expect TLS from the first byte: set `force_tls: true`"
    } else {
        ""
    };
    let (name, ms) = (server.name(), after.as_millis());
    let text = format!("{name}: the mail took longer than {ms} ms{hint}");
    MailError::Transient(MaskedFailure(text).into())
}

/// Replaces every word that may be an address or its local part, and everything unprintable.
fn mask(text: &str, to: &EmailAddress) -> String {
    let local = to.as_str().split('@').next().unwrap_or_default();
    let mask_word = |word: &str| {
        let bare = word
            .trim_matches(|c: char| c.is_ascii_punctuation())
            .to_lowercase();
        if word.contains('@') || bare == local {
            "…".to_owned()
        } else {
            word.to_owned()
        }
    };
    let words: Vec<String> = text.split_whitespace().map(mask_word).collect();
    words
        .join(" ")
        .chars()
        .filter(|c| !c.is_control())
        .take(MAX_CHARS)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_out() {
        let to = EmailAddress::parse("alice@example.org").unwrap();
        let rows = [
            (
                "550 5.1.1 <Alice@Example.org>: unknown",
                "550 5.1.1 … unknown",
            ),
            ("550 no such user: alice\r\n", "550 no such user: …"),
            ("user 'ALICE' malice\x07", "user … malice"),
        ];
        for (text, expected) in rows {
            assert_eq!(mask(text, &to), expected);
        }
        assert_eq!(mask(&"x".repeat(5000), &to).len(), MAX_CHARS);
    }
}
