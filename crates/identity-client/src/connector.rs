//! TCP connections to the identity server, or to a proxy on the way there. TLS comes on top.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::uri::Scheme;
use http::{HeaderValue, Uri};
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::rt::TokioIo;
use percent_encoding::percent_decode_str;
use tokio::net::TcpStream;
use tower_service::Service;

use crate::options::SetupError;

type BoxError = Box<dyn std::error::Error + Send + Sync>;
type Connecting = Pin<Box<dyn Future<Output = Result<Stream, BoxError>> + Send>>;

/// A proxy, and what it wants to hear.
#[derive(Clone, Debug)]
pub(crate) struct Proxy {
    uri: Uri,
    authorization: Option<HeaderValue>,
}

impl Proxy {
    /// Reads `http://[user:password@]host:port`.
    ///
    /// # Errors
    /// [`SetupError::Proxy`].
    pub(crate) fn parse(url: &str) -> Result<Self, SetupError> {
        let rest = url.strip_prefix("http://").ok_or(SetupError::Proxy)?;
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

/// Opens connections.
#[derive(Clone, Debug)]
pub(crate) struct Connector {
    tcp: HttpConnector,
    proxy: Option<Proxy>,
    timeout: Duration,
}

impl Connector {
    pub(crate) fn new(proxy: Option<Proxy>, timeout: Duration) -> Self {
        let mut tcp = HttpConnector::new();
        // `https` destinations come through here as well: TLS is the caller's business.
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        Self {
            tcp,
            proxy,
            timeout,
        }
    }

    fn connect(&mut self, destination: Uri) -> Connecting {
        let Some(proxy) = &self.proxy else {
            let connecting = self.tcp.call(destination);
            return Box::pin(async {
                Ok(Stream {
                    tcp: connecting.await?,
                    is_proxied: false,
                })
            });
        };
        if destination.scheme() == Some(&Scheme::HTTPS) {
            let mut tunnel = Tunnel::new(proxy.uri.clone(), self.tcp.clone());
            if let Some(authorization) = &proxy.authorization {
                tunnel = tunnel.with_auth(authorization.clone());
            }
            let connecting = tunnel.call(destination);
            return Box::pin(async {
                Ok(Stream {
                    tcp: connecting.await?,
                    is_proxied: false,
                })
            });
        }
        let connecting = self.tcp.call(proxy.uri.clone());
        Box::pin(async {
            Ok(Stream {
                tcp: connecting.await?,
                is_proxied: true,
            })
        })
    }
}

impl Service<Uri> for Connector {
    type Response = Stream;
    type Error = BoxError;
    type Future = Connecting;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.tcp.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, destination: Uri) -> Connecting {
        let connecting = tokio::time::timeout(self.timeout, self.connect(destination));
        Box::pin(async {
            connecting.await.unwrap_or_else(|_elapsed| {
                Err(io::Error::new(io::ErrorKind::TimedOut, "connecting took too long").into())
            })
        })
    }
}

/// A TCP connection that knows whether a proxy reads what is said on it.
#[derive(Debug)]
pub(crate) struct Stream {
    tcp: TokioIo<TcpStream>,
    /// Requests then name the whole URL and not only its path.
    is_proxied: bool,
}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        self.tcp.connected().proxy(self.is_proxied)
    }
}

impl Read for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().tcp).poll_read(cx, buffer)
    }
}

impl Write for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().tcp).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().tcp).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().tcp).poll_shutdown(cx)
    }
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
            ("proxy:3128", None),
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
}
