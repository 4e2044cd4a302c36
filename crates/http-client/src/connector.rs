//! TCP connections to a server, directly or through a proxy. TLS with the server comes on top.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use http::uri::{Authority, Scheme};
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy::connect::proxy::{SocksV5, Tunnel};
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use tokio::net::{TcpStream, lookup_host};
use tower_service::Service;

use crate::proxy::{Names, Proxy, Socks, Way};

type BoxError = Box<dyn std::error::Error + Send + Sync>;
type Connecting = Pin<Box<dyn Future<Output = Result<Stream, BoxError>> + Send>>;
/// The connection to the server or to the proxy, with TLS where the proxy's URL is `https`.
type FirstLeg = MaybeHttpsStream<TokioIo<TcpStream>>;

/// The connection, and whether requests on it need the absolute URL, as HTTP proxies do.
type Legs = Pin<Box<dyn Future<Output = Result<(FirstLeg, bool), BoxError>> + Send>>;

/// Opens connections.
#[derive(Clone, Debug)]
pub(crate) struct Connector {
    tcp: HttpConnector,
    /// To a proxy, with TLS if its URL is `https`.
    to_proxy: HttpsConnector<HttpConnector>,
    proxy: Option<Proxy>,
    timeout: Duration,
}

impl Connector {
    /// `timeout` covers name resolution, connecting and the proxy's handshake.
    pub(crate) fn new(proxy: Option<Proxy>, tls: ClientConfig, timeout: Duration) -> Self {
        let mut tcp = HttpConnector::new();
        // `https` destinations are allowed too: the caller adds TLS.
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        let to_proxy = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp.clone());
        Self {
            tcp,
            to_proxy,
            proxy,
            timeout,
        }
    }

    fn connect(&mut self, destination: Uri) -> Legs {
        let Some(proxy) = &self.proxy else {
            let connecting = self.tcp.call(destination);
            return Box::pin(async { Ok((MaybeHttpsStream::Http(connecting.await?), false)) });
        };
        match &proxy.way {
            Way::Http(authorization) if destination.scheme() == Some(&Scheme::HTTPS) => {
                let mut tunnel = Tunnel::new(proxy.uri.clone(), self.to_proxy.clone());
                if let Some(authorization) = authorization {
                    tunnel = tunnel.with_auth(authorization.clone());
                }
                let connecting = tunnel.call(destination);
                Box::pin(async { Ok((connecting.await?, false)) })
            }
            Way::Http(_) => {
                let connecting = self.to_proxy.call(proxy.uri.clone());
                Box::pin(async { Ok((connecting.await?, true)) })
            }
            Way::Socks(socks) => {
                let connector = SocksV5::new(proxy.uri.clone(), self.to_proxy.clone());
                let socks = socks.clone();
                Box::pin(async { Ok((through_socks(connector, socks, destination).await?, false)) })
            }
        }
    }
}

async fn through_socks(
    mut connector: SocksV5<HttpsConnector<HttpConnector>>,
    socks: Socks,
    destination: Uri,
) -> Result<FirstLeg, BoxError> {
    if let Some((user, password)) = socks.login {
        connector = connector.with_auth(user, password.expose().clone());
    }
    let host = destination.host().unwrap_or_default();
    let is_https = destination.scheme() == Some(&Scheme::HTTPS);
    let port = destination
        .port_u16()
        .unwrap_or(if is_https { 443 } else { 80 });
    let authority = match socks.names {
        Names::ByProxy => format!("{host}:{port}"),
        Names::Here => {
            let bare = host.trim_matches(['[', ']']);
            let mut addresses = lookup_host((bare, port)).await?;
            let no_address = || io::Error::new(io::ErrorKind::NotFound, "the name has no address");
            addresses.next().ok_or_else(no_address)?.to_string()
        }
    };
    let destination = Uri::from(authority.parse::<Authority>()?);
    // The library's error does not include its cause in its message.
    let connecting = connector.call(destination).await;
    connecting.map_err(|error| format!("the proxy: {error}").into())
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
        Box::pin(async move {
            let (io, is_proxied) = connecting.await.unwrap_or_else(|_elapsed| {
                Err(io::Error::new(io::ErrorKind::TimedOut, "connecting timed out").into())
            })?;
            Ok(Stream { io, is_proxied })
        })
    }
}

/// A connection that knows whether an HTTP proxy reads the requests on it.
#[derive(Debug)]
pub(crate) struct Stream {
    io: FirstLeg,
    /// Requests then have the absolute URL instead of the path.
    is_proxied: bool,
}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        Connected::new().proxy(self.is_proxied)
    }
}

impl Read for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_read(cx, buffer)
    }
}

impl Write for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().io).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_shutdown(cx)
    }
}
