use url::Url;

use super::ValidationSessionId;

/// Where a browser is sent on to after a validation: an absolute `http` or `https` URL.
///
/// Browsers are lenient readers of `Location`, so only a strict form passes here: it begins with
/// `http://` or `https://`, names a host, carries no user name or password, and consists of printable
/// ASCII without backslashes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NextLink(String);

/// The text is no link that a browser may be sent on to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NextLinkError {
    /// It is no absolute `http` or `https` URL, or looks like one and is another.
    #[error("`next_link` must be an absolute http or https URL without a user name")]
    NotAllowed,
    /// Its host is not on the operator's list.
    #[error("`next_link` leads to a host that is not on the list of this server")]
    ForeignHost,
}

impl NextLink {
    /// The longest link, in bytes.
    pub const MAX_BYTES: usize = 4096;

    /// Parses a link; `hosts` are the only ones allowed, if given.
    ///
    /// # Errors
    /// [`NextLinkError`].
    pub fn parse(text: &str, hosts: Option<&[String]>) -> Result<Self, NextLinkError> {
        let is_plain = text.len() <= Self::MAX_BYTES
            && text.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
        let (scheme, rest) = text.split_once("://").ok_or(NextLinkError::NotAllowed)?;
        let is_web = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
        if !is_plain || !is_web || rest.starts_with('/') {
            return Err(NextLinkError::NotAllowed);
        }
        let url = Url::parse(text).map_err(|_| NextLinkError::NotAllowed)?;
        let host = url.host_str().ok_or(NextLinkError::NotAllowed)?;
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        if authority.contains('@') {
            return Err(NextLinkError::NotAllowed);
        }
        let is_listed = |hosts: &[String]| hosts.iter().any(|it| it.eq_ignore_ascii_case(host));
        if hosts.is_some_and(|hosts| !is_listed(hosts)) {
            return Err(NextLinkError::ForeignHost);
        }
        Ok(Self(text.to_owned()))
    }

    /// The link that tells where it leads which validation session it comes from.
    ///
    /// `sid` is appended to the text as it is, after a fragment too: that is where clients with their
    /// routes in the fragment look for it.
    #[must_use]
    pub fn with_sid(&self, sid: &ValidationSessionId) -> Self {
        let separator = if self.0.contains('?') { '&' } else { '?' };
        Self(format!("{}{separator}sid={}", self.0, sid.as_str()))
    }

    /// The link.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links() {
        let good = [
            "https://app.example/done",
            "HTTPS://APP.example",
            "http://app.example:8080/?a=b#/route?x",
            "https://[2001:db8::1]/",
            "https://app.example/path@with-at",
        ];
        for text in good {
            assert!(NextLink::parse(text, None).is_ok(), "{text}");
        }
        let longest = format!("https://a.example/{}", "x".repeat(NextLink::MAX_BYTES));
        let bad = [
            "",
            "//evil.example",
            "/path",
            "javascript:alert(1)",
            "JaVaScRiPt://app.example/%0aalert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "https:evil.example",
            "https:/evil.example",
            "https:///evil.example",
            "https:\\\\evil.example",
            "https://app.example\\@evil.example",
            "https://user@evil.example",
            "https://user:password@evil.example",
            "https://@evil.example",
            "https://",
            "https://app.example/a b",
            "https://app.example/\r\nSet-Cookie: a=b",
            "https://bücher.example/",
            &longest,
        ];
        for text in bad {
            assert_eq!(
                NextLink::parse(text, None),
                Err(NextLinkError::NotAllowed),
                "{text:?}"
            );
        }
    }

    #[test]
    fn hosts() {
        let hosts = ["app.example".to_owned()];
        let parse = |text| NextLink::parse(text, Some(&hosts));
        assert!(parse("https://APP.example:444/x").is_ok());
        for text in [
            "https://evil.example/app.example",
            "https://app.example.evil.example/",
            "https://sub.app.example/",
            "https://app.example./",
        ] {
            assert_eq!(parse(text), Err(NextLinkError::ForeignHost), "{text}");
        }
        let none = NextLink::parse("https://app.example/", Some(&[]));
        assert_eq!(none, Err(NextLinkError::ForeignHost));
    }

    #[test]
    fn the_session_is_appended_as_text() {
        let sid = ValidationSessionId::new("SiD");
        let rows = [
            ("https://a.example", "https://a.example?sid=SiD"),
            ("https://a.example/?x=1", "https://a.example/?x=1&sid=SiD"),
            (
                "https://a.example/#/r?x=1",
                "https://a.example/#/r?x=1&sid=SiD",
            ),
        ];
        for (text, expected) in rows {
            let link = NextLink::parse(text, None).unwrap();
            assert_eq!(link.with_sid(&sid).as_str(), expected);
        }
    }
}
