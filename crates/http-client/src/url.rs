//! URLs of servers.

use std::fmt;

use http::Uri;

/// An http or https URL without user, query and fragment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpUrl(String);

/// A string is not a URL that can be used.
#[derive(Debug, thiserror::Error)]
pub enum BadUrl {
    /// It is not a URL with a host.
    #[error("expected a URL such as `https://matrix.example.org/`")]
    Malformed,
    /// Its scheme is neither `http` nor `https`.
    #[error("expected a URL with the scheme http or https")]
    Scheme,
    /// It has a query or a fragment.
    #[error("a URL here has no query (`?…`) and no fragment (`#…`)")]
    Suffix,
    /// It has a user name.
    #[error("a URL here has no user name and no password")]
    User,
}

impl HttpUrl {
    /// Parses a URL. [`http::Uri`] alone is too lenient: it drops fragments.
    ///
    /// # Errors
    /// [`BadUrl`].
    pub fn parse(text: &str) -> Result<Self, BadUrl> {
        if text.contains(['?', '#']) {
            return Err(BadUrl::Suffix);
        }
        let uri: Uri = text.parse().map_err(|_| BadUrl::Malformed)?;
        if !matches!(uri.scheme_str(), Some("http" | "https")) {
            return Err(if uri.scheme().is_some() {
                BadUrl::Scheme
            } else {
                BadUrl::Malformed
            });
        }
        let authority = uri.authority().ok_or(BadUrl::Malformed)?;
        if authority.as_str().contains('@') {
            return Err(BadUrl::User);
        }
        if authority.host().is_empty() {
            return Err(BadUrl::Malformed);
        }
        Ok(Self(text.to_owned()))
    }

    /// The same URL, ending with a slash.
    pub fn with_slash(mut self) -> Self {
        if !self.0.ends_with('/') {
            self.0.push('/');
        }
        self
    }

    /// The same URL, not ending with a slash, so that a path can be appended.
    pub fn without_slash(self) -> Self {
        Self(self.0.trim_end_matches('/').to_owned())
    }

    /// The host, without the port; an IPv6 address in brackets.
    pub fn host(&self) -> String {
        self.uri().host().unwrap_or_default().to_owned()
    }

    pub(crate) fn uri(&self) -> Uri {
        self.0.parse().expect("it was parsed before")
    }

    /// The URL as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for HttpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
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
            assert!(HttpUrl::parse(good).is_ok(), "{good}");
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
            assert!(HttpUrl::parse(bad).is_err(), "{bad}");
        }
    }
}
