//! Proxies: which one a request goes through, and which protocol it speaks.

use std::borrow::Cow;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::uri::Authority;
use http::{HeaderValue, Uri};
use hyper_util::client::proxy::matcher::Matcher;
use percent_encoding::percent_decode_str;
use registrar_domain::model::secret::Secret;

/// The proxies for outgoing requests, as configured or as given by the environment variables
/// `http_proxy`, `https_proxy` and `no_proxy`.
#[derive(Clone, Debug, Default)]
pub struct Proxies {
    /// For requests to `http` URLs.
    pub http: Option<Secret<String>>,
    /// For requests to `https` URLs.
    pub https: Option<Secret<String>>,
    /// What is reached without a proxy: host names (including their subdomains), IP addresses and
    /// networks, separated by commas; `*` is everything.
    pub exceptions: String,
}

impl Proxies {
    /// The proxy for a URL. `localhost` and loopback addresses are always reached without one.
    pub fn find(&self, url: &str) -> Option<&Secret<String>> {
        let uri: Uri = url.parse().ok()?;
        let proxy = match uri.scheme_str()? {
            "http" => self.http.as_ref(),
            "https" => self.https.as_ref(),
            _ => None,
        }?;
        // The matcher writes a domain with its subdomains without an asterisk.
        let exceptions = self.exceptions.replace("*.", ".");
        // The matcher decides about the exceptions only: it silently ignores a proxy URL that it
        // cannot parse.
        let matcher = Matcher::builder()
            .all("http://proxy.invalid")
            .no(format!("localhost,127.0.0.0/8,::1,{exceptions}"))
            .build();
        matcher.intercept(&uri).map(|_| proxy)
    }
}

/// The URL of a proxy cannot be used. The message does not repeat it: it may contain a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected a proxy URL like http://[user:password@]host[:port], with the scheme http, https, \
     socks5 or socks5h"
)]
pub struct BadProxy;

/// The port of a proxy whose URL has none, as in Synapse.
const DEFAULT_PORT: u16 = 1080;
/// The longest user name and password of SOCKS, in bytes (RFC 1929, section 2).
const MAX_SOCKS_LOGIN_BYTES: usize = 255;

/// A proxy and how to use it. `Display` and `Debug` hide the password.
#[derive(Clone, Debug)]
pub struct Proxy {
    /// Its address; the scheme is `https` for TLS to the proxy, otherwise `http`.
    pub(crate) uri: Uri,
    pub(crate) way: Way,
    scheme: &'static str,
    user: Option<String>,
}

/// The protocol of a proxy.
#[derive(Clone, Debug)]
pub(crate) enum Way {
    /// HTTP, with this `Proxy-Authorization` if there is a login.
    Http(Option<HeaderValue>),
    /// SOCKS 5.
    Socks(Socks),
}

/// The settings of a SOCKS 5 proxy.
#[derive(Clone, Debug)]
pub(crate) struct Socks {
    pub(crate) login: Option<(String, Secret<String>)>,
    pub(crate) names: Names,
}

/// Where names are resolved.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Names {
    Here,
    ByProxy,
}

impl Proxy {
    /// Parses `scheme://[user:password@]host[:port]`; without a scheme it is `http`.
    /// User and password are percent-encoded.
    ///
    /// # Errors
    /// [`BadProxy`].
    pub fn parse(url: &str) -> Result<Self, BadProxy> {
        let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
        let scheme = SCHEMES
            .into_iter()
            .find(|known| known.eq_ignore_ascii_case(scheme))
            .ok_or(BadProxy)?;
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (login, place) = match rest.rsplit_once('@') {
            Some((login, place)) => (Some(login), place),
            None => (None, rest),
        };
        if place.contains(['/', '?', '#']) {
            return Err(BadProxy);
        }
        let authority: Authority = place.parse().map_err(|_| BadProxy)?;
        if authority.host().is_empty() {
            return Err(BadProxy);
        }
        let port = match (authority.port_u16(), place.ends_with(authority.host())) {
            (Some(port), _) if port > 0 => port,
            (None, true) => DEFAULT_PORT,
            _ => return Err(BadProxy),
        };
        let leg = if scheme == HTTPS { HTTPS } else { HTTP };
        let uri = format!("{leg}://{}:{port}/", authority.host());
        let login = login.map(decode).transpose()?;
        let user = login.as_ref().map(|(user, _)| user.clone());
        let way = match scheme {
            SOCKS | SOCKS_REMOTE => Way::Socks(Socks::new(login, scheme)?),
            _ => Way::Http(login.map(|(user, password)| basic(&user, &password))),
        };
        Ok(Self {
            uri: uri.parse().map_err(|_| BadProxy)?,
            way,
            scheme,
            user,
        })
    }

    /// The `Proxy-Authorization` header of an HTTP proxy with a login.
    pub(crate) fn authorization(&self) -> Option<&HeaderValue> {
        match &self.way {
            Way::Http(authorization) => authorization.as_ref(),
            Way::Socks(_) => None,
        }
    }
}

/// The address and the user, without the password.
impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.uri.authority().map_or("", Authority::as_str);
        write!(f, "{}://{place}", self.scheme)?;
        match &self.user {
            Some(user) => write!(f, ", logging in as {}", user.escape_debug()),
            None => Ok(()),
        }
    }
}

const HTTP: &str = "http";
const HTTPS: &str = "https";
const SOCKS: &str = "socks5";
const SOCKS_REMOTE: &str = "socks5h";
const SCHEMES: [&str; 4] = [HTTP, HTTPS, SOCKS, SOCKS_REMOTE];

impl Socks {
    fn new(login: Option<(String, Secret<String>)>, scheme: &str) -> Result<Self, BadProxy> {
        let is_short = |text: &str| text.len() <= MAX_SOCKS_LOGIN_BYTES;
        let fits = |(user, password): &(String, Secret<String>)| {
            is_short(user) && is_short(password.expose())
        };
        if !login.iter().all(fits) {
            return Err(BadProxy);
        }
        Ok(Self {
            login,
            names: if scheme == SOCKS_REMOTE {
                Names::ByProxy
            } else {
                Names::Here
            },
        })
    }
}

/// Decodes the user and password of a URL.
fn decode(login: &str) -> Result<(String, Secret<String>), BadProxy> {
    let (user, password) = login.split_once(':').unwrap_or((login, ""));
    let decode = |text: &str| {
        let text = percent_decode_str(text).decode_utf8();
        text.map(Cow::into_owned).map_err(|_| BadProxy)
    };
    Ok((decode(user)?, Secret::new(decode(password)?)))
}

/// The header value for basic authentication.
fn basic(user: &str, password: &Secret<String>) -> HeaderValue {
    let pair = format!("{user}:{}", password.expose());
    let text = format!("Basic {}", STANDARD.encode(pair));
    let mut value = HeaderValue::from_str(&text).expect("base64 is allowed in a header");
    value.set_sensitive(true);
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxies() {
        let long = format!("socks5://u:{}@p", "x".repeat(256));
        let rows: &[(&str, Option<[&str; 3]>)] = &[
            (
                "http://proxy:3128",
                Some(["http://proxy:3128/", "", "http://proxy:3128"]),
            ),
            (
                "HTTP://[::1]:3128/",
                Some(["http://[::1]:3128/", "", "http://[::1]:3128"]),
            ),
            (
                "http://u:p%40q@proxy",
                Some([
                    "http://proxy:1080/",
                    "Basic dTpwQHE=",
                    "http://proxy:1080, logging in as u",
                ]),
            ),
            (
                "https://u@proxy",
                Some([
                    "https://proxy:1080/",
                    "Basic dTo=",
                    "https://proxy:1080, logging in as u",
                ]),
            ),
            (
                "https://proxy:3128",
                Some(["https://proxy:3128/", "", "https://proxy:3128"]),
            ),
            (
                "proxy:3128",
                Some(["http://proxy:3128/", "", "http://proxy:3128"]),
            ),
            (
                "u:p@proxy",
                Some([
                    "http://proxy:1080/",
                    "Basic dTpw",
                    "http://proxy:1080, logging in as u",
                ]),
            ),
            (
                "socks5://proxy",
                Some(["http://proxy:1080/", "", "socks5://proxy:1080"]),
            ),
            (
                "socks5h://u:p@proxy:9",
                Some(["http://proxy:9/", "", "socks5h://proxy:9, logging in as u"]),
            ),
            (&long, None),
            ("socks4://proxy", None),
            ("socks://proxy", None),
            ("ftp://proxy", None),
            ("", None),
            ("http://", None),
            ("http://u:p@", None),
            ("http://:3128", None),
            ("http://proxy:", None),
            ("http://proxy:0", None),
            ("http://proxy:99999", None),
            ("http://proxy/path", None),
            ("http://pro xy", None),
            ("http://u:%ff@proxy", None),
        ];
        for (url, expected) in rows {
            let found = Proxy::parse(url).ok().map(|proxy| {
                let authorization = proxy.authorization().map(|value| value.to_str().unwrap());
                [
                    proxy.uri.to_string(),
                    authorization.unwrap_or_default().to_owned(),
                    proxy.to_string(),
                ]
            });
            assert_eq!(found, expected.map(|row| row.map(str::to_owned)), "{url}");
        }
        for url in ["http://u:hunter2@proxy", "socks5://u:hunter2@proxy"] {
            let debug = format!("{:?}", Proxy::parse(url).unwrap());
            assert!(
                !debug.contains("hunter2") && !debug.contains("dTpo"),
                "{debug}"
            );
        }
    }

    #[test]
    fn the_way_to_a_url() {
        let secret = |text: &str| Some(Secret::new(text.to_owned()));
        let proxies = Proxies {
            http: secret("http://plain:3128"),
            https: secret("http://secure:3128"),
            exceptions: "internal.example, .lan,10.0.0.0/8, *.cluster.example, 192.0.2.7"
                .to_owned(),
        };
        let rows = [
            ("http://captcha.example/", Some("http://plain:3128")),
            ("https://captcha.example/", Some("http://secure:3128")),
            ("https://not-internal.example/", Some("http://secure:3128")),
            ("https://internal.example:8443/", None),
            ("https://hooks.internal.example/", None),
            ("http://sydent.lan/", None),
            ("https://hooks.cluster.example/", None),
            ("http://192.0.2.7/", None),
            ("http://192.0.2.8/", Some("http://plain:3128")),
            ("https://INTERNAL.example/", None),
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
