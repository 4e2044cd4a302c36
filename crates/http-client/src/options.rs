//! The configuration of outgoing requests.

use std::time::Duration;

use registrar_domain::model::secret::Secret;

use crate::proxy::BadProxy;
use crate::url::BadUrl;

/// How to reach a server.
#[derive(Clone, Debug)]
pub struct Options {
    /// The `User-Agent` header.
    pub user_agent: String,
    /// The proxy, `scheme://[user:password@]host[:port]` with the scheme `http`, `https` (TLS to the
    /// proxy), `socks5` or `socks5h` (the proxy resolves names). Requests for `https` URLs go through a
    /// tunnel, so that the proxy cannot read them.
    pub proxy: Option<Secret<String>>,
    /// Certificates to trust in addition to those of the public authorities, in DER form: of an
    /// authority, or of one server or proxy.
    pub extra_root_certificates: Vec<Vec<u8>>,
    /// The deadline for name resolution, TCP connection and proxy tunnel together.
    pub connect_timeout: Duration,
    /// The deadline for the headers of the response, including the time to connect.
    pub headers_timeout: Duration,
    /// The deadline for the whole exchange.
    pub total_timeout: Duration,
    /// The longest request that is sent: URL and body, in bytes.
    pub max_request_bytes: usize,
    /// The longest body of a response that is read, in bytes.
    pub max_response_bytes: usize,
}

impl Default for Options {
    /// No proxy, 15 s to connect, 60 s until the headers, 90 s in total, and 64 KiB each for request
    /// and response.
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
    /// Shortens every deadline to this one where it is longer.
    pub fn within(self, deadline: Duration) -> Self {
        Self {
            connect_timeout: self.connect_timeout.min(deadline),
            headers_timeout: self.headers_timeout.min(deadline),
            total_timeout: self.total_timeout.min(deadline),
            ..self
        }
    }
}

/// A setting that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The server's URL cannot be used.
    #[error(transparent)]
    Url(#[from] BadUrl),
    /// The proxy's URL cannot be used. The message does not repeat it: it may contain a password.
    #[error(transparent)]
    Proxy(#[from] BadProxy),
    /// The bearer token cannot be sent in a header.
    #[error("the token contains characters that are not allowed in a header")]
    BearerToken,
    /// The user agent cannot be sent in a header.
    #[error("the user agent contains characters that are not allowed in a header")]
    UserAgent,
    /// A root certificate cannot be used.
    #[error(transparent)]
    RootCertificate(#[from] registrar_tls::BadCertificate),
}
