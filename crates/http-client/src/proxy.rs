//! Proxies: which one a request goes through, and what it wants to hear.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderValue, Uri};
use hyper_util::client::proxy::matcher::Matcher;
use percent_encoding::percent_decode_str;
use registrar_domain::secret::Secret;

use crate::options::SetupError;

/// The proxies of a machine, as the environment variables `http_proxy`, `https_proxy` and
/// `no_proxy` describe them.
#[derive(Clone, Debug, Default)]
pub struct Proxies {
    /// For requests to `http` URLs.
    pub http: Option<Secret<String>>,
    /// For requests to `https` URLs.
    pub https: Option<Secret<String>>,
    /// What is reached without a proxy: host names (with everything below them), IP addresses and
    /// networks, with commas in between; `*` is everything.
    pub exceptions: String,
}

impl Proxies {
    /// The proxy on the way to a URL. Names and addresses of this machine itself are reached without
    /// one, whatever the exceptions.
    pub fn find(&self, url: &str) -> Option<&Secret<String>> {
        let uri: Uri = url.parse().ok()?;
        let proxy = match uri.scheme_str()? {
            "http" => self.http.as_ref(),
            "https" => self.https.as_ref(),
            _ => None,
        }?;
        // The matcher is only asked about the exceptions: a proxy that it cannot understand, it
        // would silently go around.
        let matcher = Matcher::builder()
            .all("http://proxy.invalid")
            .no(format!("localhost,127.0.0.0/8,::1,{}", self.exceptions))
            .build();
        matcher.intercept(&uri).map(|_| proxy)
    }
}

/// A proxy, and what it wants to hear.
#[derive(Clone, Debug)]
pub(crate) struct Proxy {
    pub(crate) uri: Uri,
    authorization: Option<HeaderValue>,
}

impl Proxy {
    /// Reads `http://[user:password@]host:port`; the scheme may be left out.
    ///
    /// # Errors
    /// [`SetupError::Proxy`].
    pub(crate) fn parse(url: &str) -> Result<Self, SetupError> {
        let rest = match url.split_once("://") {
            Some(("http", rest)) => rest,
            Some(_) => return Err(SetupError::Proxy),
            None => url,
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (login, host) = match rest.rsplit_once('@') {
            Some((login, host)) => (Some(login), host),
            None => (None, rest),
        };
        let uri: Uri = format!("http://{host}")
            .parse()
            .map_err(|_| SetupError::Proxy)?;
        if host.contains(['/', '?', '#']) || uri.host().is_none_or(str::is_empty) {
            return Err(SetupError::Proxy);
        }
        Ok(Self {
            uri,
            authorization: login.map(basic),
        })
    }

    /// The `Proxy-Authorization` header, if the proxy asks for a login.
    pub(crate) fn authorization(&self) -> Option<&HeaderValue> {
        self.authorization.as_ref()
    }
}

/// The header of HTTP's basic authentication. A URL's user and password are percent-encoded.
fn basic(login: &str) -> HeaderValue {
    let (user, password) = login.split_once(':').unwrap_or((login, ""));
    let mut pair: Vec<u8> = percent_decode_str(user).collect();
    pair.push(b':');
    pair.extend(percent_decode_str(password));
    let text = format!("Basic {}", STANDARD.encode(pair));
    let mut value = HeaderValue::from_str(&text).expect("base64 is fit for a header");
    value.set_sensitive(true);
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxies() {
        let rows: &[(&str, Option<[&str; 2]>)] = &[
            ("http://proxy:3128", Some(["http://proxy:3128/", ""])),
            ("http://[::1]:3128/", Some(["http://[::1]:3128/", ""])),
            (
                "http://u:p%40q@proxy",
                Some(["http://proxy/", "Basic dTpwQHE="]),
            ),
            ("http://u@proxy", Some(["http://proxy/", "Basic dTo="])),
            ("https://proxy:3128", None),
            ("proxy:3128", Some(["http://proxy:3128/", ""])),
            ("u:p@proxy", Some(["http://proxy/", "Basic dTpw"])),
            ("socks5://proxy", None),
            ("", None),
            ("http://", None),
            ("http://u:p@", None),
            ("http://proxy/path", None),
            ("http://pro xy", None),
        ];
        for (url, expected) in rows {
            let found = Proxy::parse(url).ok().map(|proxy| {
                let authorization = proxy.authorization().map(|value| value.to_str().unwrap());
                [
                    proxy.uri.to_string(),
                    authorization.unwrap_or_default().to_owned(),
                ]
            });
            assert_eq!(found, expected.map(|pair| pair.map(str::to_owned)), "{url}");
        }
        assert!(!format!("{:?}", Proxy::parse("http://u:p@proxy").unwrap()).contains("dTpw"));
    }

    #[test]
    fn the_way_to_a_url() {
        let secret = |text: &str| Some(Secret::new(text.to_owned()));
        let proxies = Proxies {
            http: secret("http://plain:3128"),
            https: secret("http://secure:3128"),
            exceptions: "internal.example, .lan,10.0.0.0/8".to_owned(),
        };
        let rows = [
            ("http://captcha.example/", Some("http://plain:3128")),
            ("https://captcha.example/", Some("http://secure:3128")),
            ("https://not-internal.example/", Some("http://secure:3128")),
            ("https://internal.example:8443/", None),
            ("https://hooks.internal.example/", None),
            ("http://sydent.lan/", None),
            ("http://10.1.2.3:8090", None),
            ("http://localhost:8090", None),
            ("http://127.0.0.1:8090", None),
            ("http://[::1]:8090", None),
            ("ftp://captcha.example/", None),
            ("captcha.example", None),
        ];
        for (url, expected) in rows {
            let found = proxies.find(url).map(|proxy| proxy.expose().as_str());
            assert_eq!(found, expected, "{url}");
        }
        let everything = Proxies {
            exceptions: "*".to_owned(),
            ..proxies
        };
        assert!(everything.find("https://captcha.example/").is_none());
        let none = Proxies::default();
        assert!(none.find("https://captcha.example/").is_none());
    }
}
