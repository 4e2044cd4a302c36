//! What a failed handshake means to an operator, and what to do about it.

use std::error::Error as StdError;
use std::io;

use rustls::{CertificateError, Error};

use crate::trust::is_authority_as_server;

/// What to do where a certificate is not trusted.
const HOW_TO_TRUST: &str = "add it to the certificates that this machine trusts (such as \
                            /usr/local/share/ca-certificates and update-ca-certificates), or set \
                            SSL_CERT_FILE to a file with it";

/// The cause and the cure in words, if TLS is what failed. Follows the chain of sources.
pub fn explain(error: &(dyn StdError + 'static)) -> Option<String> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<Error>() {
            return Some(in_words(error));
        }
        // An I/O error hides what it was made of from the chain of sources.
        let inside = error
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        next = match inside {
            Some(inside) => Some(inside),
            None => error.source(),
        };
    }
    None
}

fn in_words(error: &Error) -> String {
    if is_authority_as_server(error) {
        return format!(
            "its certificate calls itself an authority's (CA:TRUE), which is accepted only from a \
             server whose very certificate is trusted: {HOW_TO_TRUST}"
        );
    }
    match error {
        Error::InvalidCertificate(CertificateError::UnknownIssuer) => format!(
            "its certificate is signed by no authority that this machine trusts; if the authority's \
             certificate (or the server's own, if it signed itself) deserves trust, {HOW_TO_TRUST}"
        ),
        Error::InvalidCertificate(
            CertificateError::Expired | CertificateError::ExpiredContext { .. },
        ) => "its certificate has expired: renew it there, or set this machine's clock".to_owned(),
        Error::InvalidCertificate(
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. },
        ) => "its certificate is not valid yet: set this machine's clock".to_owned(),
        Error::InvalidCertificate(CertificateError::NotValidForName) => {
            "its certificate is for another name".to_owned()
        }
        Error::InvalidCertificate(CertificateError::NotValidForNameContext {
            expected,
            presented,
        }) => format!(
            "its certificate is not for `{}` but for {}: use a name that is in the certificate",
            expected.to_str(),
            names(presented)
        ),
        Error::InvalidMessage(_) => "it does not speak TLS on this port".to_owned(),
        other => format!("TLS failed: {other}"),
    }
}

/// The names in a certificate; none in one that only has a common name.
fn names(presented: &[String]) -> String {
    if presented.is_empty() {
        "no name at all (a common name alone does not count)".to_owned()
    } else {
        presented.join(", ")
    }
}
