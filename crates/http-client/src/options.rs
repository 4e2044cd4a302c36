//! What an operator chooses about outgoing requests.

use std::time::Duration;

use http::Uri;
use http::uri::Scheme;
use registrar_domain::model::secret::Secret;

use crate::proxy::BadProxy;

/// How to reach a server, whatever it is asked.
#[derive(Clone, Debug)]
pub struct Options {
    /// The `User-Agent` header.
    pub user_agent: String,
    /// A proxy to go through, `scheme://[user:password@]host[:port]` with `http`, `https` (TLS on the
    /// way to the proxy), `socks5` or `socks5h` (the proxy resolves names). A request for an `https`
    /// URL is tunneled, so that the proxy cannot read it.
    pub proxy: Option<Secret<String>>,
    /// Certificates to trust besides those of the public authorities, in DER form: of authorities,
    /// or the very certificate of a server or proxy.
    pub extra_root_certificates: Vec<Vec<u8>>,
    /// How long name resolution, TCP connection and proxy tunnel may take together.
    pub connect_timeout: Duration,
    /// How long it may take until the headers of an answer are there, connecting included.
    pub headers_timeout: Duration,
    /// How long a call may take altogether.
    pub total_timeout: Duration,
    /// The longest request that is sent, in bytes: its URL and its body.
    pub max_request_bytes: usize,
    /// The longest answer that is read, in bytes.
    pub max_response_bytes: usize,
}

impl Default for Options {
    /// No proxy, 15 s to connect, 60 s until the headers, 90 s altogether, and 64 KiB each of request
    /// and answer.
    fn default() -> Self {
        Self {
            user_agent: concat!("registrar/", env!("CARGO_PKG_VERSION")).to_owned(),
            proxy: None,
            extra_root_certificates: Vec::new(),
            connect_timeout: Duration::from_secs(15),
            headers_timeout: Duration::from_secs(60),
            total_timeout: Duration::from_secs(90),
            max_request_bytes: 64 * 1024,
            max_response_bytes: 64 * 1024,
        }
    }
}

impl Options {
    /// The same options, with every deadline shortened to this one where it is later.
    pub fn within(self, deadline: Duration) -> Self {
        Self {
            connect_timeout: self.connect_timeout.min(deadline),
            headers_timeout: self.headers_timeout.min(deadline),
            total_timeout: self.total_timeout.min(deadline),
            ..self
        }
    }
}

/// A mistake in the options.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The server's URL cannot be used.
    #[error("expected an http or https URL without a user, a query or a fragment")]
    Url,
    /// The proxy's URL cannot be used. The message does not repeat it: it may hold a password.
    #[error(transparent)]
    Proxy(#[from] BadProxy),
    /// The bearer token cannot be a header.
    #[error("the token has characters that no header may have")]
    BearerToken,
    /// The user agent cannot be a header.
    #[error("the user agent has characters that no header may have")]
    UserAgent,
    /// A root certificate cannot be used.
    #[error(transparent)]
    RootCertificate(#[from] registrar_tls::BadCertificate),
}

/// Checks the URL of a server. An [`http::Uri`] alone would forgive too much: it drops fragments.
pub(crate) fn check_url(text: &str) -> Result<Uri, SetupError> {
    let url: Uri = text.parse().map_err(|_| SetupError::Url)?;
    let has_scheme = url
        .scheme()
        .is_some_and(|s| *s == Scheme::HTTP || *s == Scheme::HTTPS);
    let has_host = url.host().is_some_and(|host| !host.is_empty());
    if has_scheme && has_host && !text.contains(['?', '#', '@']) {
        Ok(url)
    } else {
        Err(SetupError::Url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_of_servers() {
        for good in [
            "https://is.example.org",
            "https://is.example.org/",
            "http://127.0.0.1:8090",
            "https://a.b/c",
            "http://[::1]",
        ] {
            assert!(check_url(good).is_ok(), "{good}");
        }
        let bad = [
            "",
            "is.example.org",
            "/path",
            "ftp://is.example.org",
            "https://",
            "https://is.example.org/?a",
            "https://is.example.org/#a",
            "https://user@is.example.org",
            "https://is.example.org/a b",
        ];
        for bad in bad {
            assert!(check_url(bad).is_err(), "{bad}");
        }
    }
}
