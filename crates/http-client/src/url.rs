//! URLs of http and https in the configuration.

use std::fmt;

/// An http or https URL without user, query and fragment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HttpUrl(String);

/// The text is no such URL.
#[derive(Debug, thiserror::Error)]
pub(super) enum HttpUrlError {
    #[error("expected a URL such as `https://matrix.example.org/`")]
    Malformed,
    #[error("expected a URL with the scheme http or https")]
    Scheme,
    #[error("a URL here has no query (`?…`) and no fragment (`#…`)")]
    Suffix,
    #[error("a URL here has no user name and no password")]
    User,
}

impl HttpUrl {
    /// Parses a URL.
    pub(super) fn parse(text: &str) -> Result<Self, HttpUrlError> {
        if text.contains(['?', '#']) {
            return Err(HttpUrlError::Suffix);
        }
        let uri: http::Uri = text.parse().map_err(|_| HttpUrlError::Malformed)?;
        if !matches!(uri.scheme_str(), Some("http" | "https")) {
            return Err(if uri.scheme().is_some() {
                HttpUrlError::Scheme
            } else {
                HttpUrlError::Malformed
            });
        }
        let authority = uri.authority().ok_or(HttpUrlError::Malformed)?;
        if authority.as_str().contains('@') {
            return Err(HttpUrlError::User);
        }
        if authority.host().is_empty() {
            return Err(HttpUrlError::Malformed);
        }
        Ok(Self(text.to_owned()))
    }

    /// The same URL, ending with a slash.
    pub(super) fn with_slash(mut self) -> Self {
        if !self.0.ends_with('/') {
            self.0.push('/');
        }
        self
    }

    /// The same URL, not ending with a slash, so that a path can be appended.
    pub(super) fn without_slash(self) -> Self {
        Self(self.0.trim_end_matches('/').to_owned())
    }

    /// The host, without the port; an IPv6 address in brackets.
    pub(super) fn host(&self) -> String {
        let uri: http::Uri = self.0.parse().expect("it was parsed before");
        uri.host().unwrap_or_default().to_owned()
    }

    /// The URL as text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for HttpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
