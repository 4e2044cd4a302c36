//! The configuration of an identity server.

use registrar_domain::model::secret::Secret;

/// How to reach an identity server, for [`HttpIdentityServer`](crate::HttpIdentityServer).
#[derive(Clone, Debug)]
pub struct Options {
    /// The server's `http` or `https` URL without a slash at its end. Paths are appended to it
    /// unchanged.
    pub base_url: String,
    /// The version of its API.
    pub api: Api,
    /// Deadlines, limits, proxy and trusted certificates.
    pub http: registrar_http_client::Options,
}

impl Options {
    /// The identity server at this URL, with API v1 and the defaults of
    /// [`registrar_http_client::Options`].
    pub fn new(base_url: impl Into<String>) -> Self {
        Self {
            base_url: base_url.into(),
            api: Api::V1,
            http: registrar_http_client::Options::default(),
        }
    }
}

/// A version of the identity service API.
#[derive(Clone, Debug)]
pub enum Api {
    /// The version that homeservers with delegated validation use. It is no longer in the specification,
    /// and has no authentication.
    V1,
    /// The version in the specification.
    V2 {
        /// The access token of an account on the identity server.
        access_token: Secret<String>,
    },
}

impl Api {
    /// The beginning of its paths.
    pub(crate) const fn prefix(&self) -> &'static str {
        match self {
            Self::V1 => "/_matrix/identity/api/v1",
            Self::V2 { .. } => "/_matrix/identity/v2",
        }
    }
}

/// A setting that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The base URL ends in a slash.
    #[error("expected a URL without a slash at its end")]
    TrailingSlash,
    /// Another setting, which the HTTP client refuses.
    #[error(transparent)]
    Http(#[from] registrar_http_client::SetupError),
}
