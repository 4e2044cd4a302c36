//! What an operator chooses about an identity server.

use std::time::Duration;

use registrar_domain::model::secret::Secret;

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
    /// A proxy to go through, as in [`registrar_http_client::Options`]. A request for an `https`
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
        Self::over(base_url, registrar_http_client::Options::default())
    }

    /// API v1 at this URL, reached as these options say.
    pub fn over(base_url: impl Into<String>, http: registrar_http_client::Options) -> Self {
        Self {
            base_url: base_url.into(),
            api: Api::V1,
            user_agent: http.user_agent,
            proxy: http.proxy,
            extra_root_certificates: http.extra_root_certificates,
            connect_timeout: http.connect_timeout,
            headers_timeout: http.headers_timeout,
            total_timeout: http.total_timeout,
            max_response_bytes: http.max_response_bytes,
        }
    }

    pub(crate) fn http(&self) -> registrar_http_client::Options {
        registrar_http_client::Options {
            user_agent: self.user_agent.clone(),
            proxy: self.proxy.clone(),
            extra_root_certificates: self.extra_root_certificates.clone(),
            connect_timeout: self.connect_timeout,
            headers_timeout: self.headers_timeout,
            total_timeout: self.total_timeout,
            max_response_bytes: self.max_response_bytes,
            ..registrar_http_client::Options::default()
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
    /// The proxy's URL cannot be used. The message does not repeat it: it may hold a password.
    #[error(transparent)]
    Proxy(registrar_http_client::BadProxy),
    /// The access token cannot be a header.
    #[error("the access token for the identity server has characters that no token has")]
    AccessToken,
    /// The user agent cannot be a header.
    #[error("the user agent has characters that no header may have")]
    UserAgent,
    /// A root certificate cannot be used.
    #[error(transparent)]
    RootCertificate(Box<dyn std::error::Error + Send + Sync>),
}

impl From<registrar_http_client::SetupError> for SetupError {
    fn from(error: registrar_http_client::SetupError) -> Self {
        use registrar_http_client::SetupError as Http;
        match error {
            Http::Url => Self::BaseUrl,
            Http::Proxy(source) => Self::Proxy(source),
            Http::BearerToken => Self::AccessToken,
            Http::UserAgent => Self::UserAgent,
            Http::RootCertificate(source) => Self::RootCertificate(source.into()),
        }
    }
}
