//! What an operator chooses about an identity server.

use std::time::Duration;

use http::Uri;
use http::uri::Scheme;
use registrar_domain::secret::Secret;

/// Everything that [`HttpIdentityServer`](crate::HttpIdentityServer) needs to know.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where it is, an `http` or `https` URL without a slash at its end. Paths are appended to it as
    /// it stands.
    pub base_url: String,
    /// Which of the two APIs it speaks.
    pub api: Api,
    /// The `User-Agent` header.
    pub user_agent: String,
    /// An HTTP proxy to go through, `http://[user:password@]host:port`. A request for an `https`
    /// URL is tunneled, so that the proxy cannot read it.
    pub proxy: Option<Secret<String>>,
    /// Certificates to trust besides those of the public authorities, in DER form.
    pub extra_root_certificates: Vec<Vec<u8>>,
    /// How long name resolution, TCP connection and proxy tunnel may take together.
    pub connect_timeout: Duration,
    /// How long it may take until the headers of an answer are there, connecting included.
    pub headers_timeout: Duration,
    /// How long a call may take altogether.
    pub total_timeout: Duration,
    /// The longest answer that is read, in bytes.
    pub max_response_bytes: usize,
}

impl Options {
    /// The defaults for an identity server at this URL: API v1, 15 s to connect, 60 s until the
    /// headers, 90 s altogether, and 64 KiB of answer.
    pub fn new(base_url: impl Into<String>) -> Self {
        Self {
            base_url: base_url.into(),
            api: Api::V1,
            user_agent: concat!("registrar/", env!("CARGO_PKG_VERSION")).to_owned(),
            proxy: None,
            extra_root_certificates: Vec::new(),
            connect_timeout: Duration::from_secs(15),
            headers_timeout: Duration::from_secs(60),
            total_timeout: Duration::from_secs(90),
            max_response_bytes: 64 * 1024,
        }
    }
}

/// A version of the identity service API.
#[derive(Clone, Debug)]
pub enum Api {
    /// The one that delegating homeservers speak. It is no longer in the specification, and knows no
    /// authentication.
    V1,
    /// The one of the specification.
    V2 {
        /// The access token of an account on the identity server.
        access_token: Secret<String>,
    },
}

impl Api {
    /// What paths start with.
    pub(crate) const fn prefix(&self) -> &'static str {
        match self {
            Self::V1 => "/_matrix/identity/api/v1",
            Self::V2 { .. } => "/_matrix/identity/v2",
        }
    }
}

/// A mistake in the options.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The base URL cannot be used.
    #[error(
        "the identity server's URL must be an http or https URL without a user, a query, or a \
         slash at its end"
    )]
    BaseUrl,
    /// The proxy's URL cannot be used. The text does not repeat it: it may hold a password.
    #[error("the proxy's URL must look like http://[user:password@]host:port")]
    Proxy,
    /// The access token cannot be a header.
    #[error("the access token for the identity server has characters that no token has")]
    AccessToken,
    /// The user agent cannot be a header.
    #[error("the user agent has characters that no header may have")]
    UserAgent,
    /// A root certificate cannot be used.
    #[error("an extra root certificate cannot be read")]
    RootCertificate(#[source] rustls::Error),
}

/// Checks a base URL. An [`http::Uri`] alone would forgive too much: it drops fragments.
pub(crate) fn check_base_url(text: &str) -> Result<Uri, SetupError> {
    let url: Uri = text.parse().map_err(|_| SetupError::BaseUrl)?;
    let has_scheme = url
        .scheme()
        .is_some_and(|s| *s == Scheme::HTTP || *s == Scheme::HTTPS);
    let has_host = url.host().is_some_and(|host| !host.is_empty());
    let is_bare = !text.contains(['?', '#', '@']) && !text.ends_with('/');
    if has_scheme && has_host && is_bare {
        Ok(url)
    } else {
        Err(SetupError::BaseUrl)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_urls() {
        for good in [
            "https://is.example.org",
            "http://127.0.0.1:8090",
            "https://a.b/c",
            "http://[::1]",
        ] {
            assert!(check_base_url(good).is_ok(), "{good}");
        }
        let bad = [
            "",
            "is.example.org",
            "/path",
            "ftp://is.example.org",
            "https://",
            "https://is.example.org/",
            "https://is.example.org/?a",
            "https://is.example.org/#a",
            "https://user@is.example.org",
            "https://is.example.org/a b",
        ];
        for bad in bad {
            assert!(check_base_url(bad).is_err(), "{bad}");
        }
    }
}
