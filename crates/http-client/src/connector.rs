//! TCP connections to a server, or to a proxy on the way there. TLS comes on top.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use http::uri::Scheme;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower_service::Service;

use crate::proxy::Proxy;

type BoxError = Box<dyn std::error::Error + Send + Sync>;
type Connecting = Pin<Box<dyn Future<Output = Result<Stream, BoxError>> + Send>>;

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
            if let Some(authorization) = proxy.authorization() {
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
