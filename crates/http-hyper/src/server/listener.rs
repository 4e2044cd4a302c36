//! Where connections come from.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use rustix::net::Shutdown;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::time::{sleep, timeout};

use super::room::Room;
use crate::request::Peer;

/// How long to wait after the operating system refused to hand out a connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);
/// How often it is tried to be the last one in the queue of a port that is closed.
const PLUG_ATTEMPTS: usize = 50;
/// How long each of these may take. On one machine a place in the queue is got at once or not at all.
const PLUG_TIMEOUT: Duration = Duration::from_millis(20);

/// Something that is listened on.
#[derive(Debug)]
pub enum Listener {
    /// A TCP port.
    Tcp(TcpListener),
    /// A Unix socket. The file stays when the listener is closed.
    Unix(UnixListener),
}

impl From<TcpListener> for Listener {
    fn from(listener: TcpListener) -> Self {
        Self::Tcp(listener)
    }
}

impl From<UnixListener> for Listener {
    fn from(listener: UnixListener) -> Self {
        Self::Unix(listener)
    }
}

impl Listener {
    /// Waits for a connection. Has some others closed when the operating system has no room.
    pub(super) async fn accept(&self, room: &Room) -> (Stream, Peer) {
        loop {
            match self.accept_one().await {
                Ok(accepted) => return accepted,
                Err(error) if is_about_one_connection(&error) => {
                    tracing::debug!(error = %error, "connection closed before it was accepted");
                }
                Err(error) => {
                    // Mostly too many open files: others must end first, and asking again at once
                    // would only keep them from it.
                    let closed = room.relieve();
                    tracing::warn!(error = %error, closed, "accepting connections failed, retrying");
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    /// Hands out the connections that are waiting, and listens no more.
    ///
    /// The system lets clients in as long as there is room in its queue, and resets those that it has
    /// let in and that nobody has accepted. So the queue is closed before it is emptied for the last
    /// time.
    pub(super) async fn close(self, mut take: impl FnMut((Stream, Peer))) {
        let closed = match self {
            Self::Tcp(listener) => close_tcp(listener, &mut take).await,
            Self::Unix(listener) => close_unix(listener, &mut take),
        };
        if let Err(error) = closed {
            tracing::warn!(error = %error, "accepting the waiting connections failed");
        }
    }

    async fn accept_one(&self) -> io::Result<(Stream, Peer)> {
        match self {
            Self::Tcp(listener) => {
                let (stream, peer) = listener.accept().await?;
                // Answers are written whole: waiting for more to send only delays them.
                stream.set_nodelay(true)?;
                Ok((Stream::Tcp(stream), Peer(Some(peer.ip().to_canonical()))))
            }
            Self::Unix(listener) => {
                let (stream, _) = listener.accept().await?;
                Ok((Stream::Unix(stream), Peer(None)))
            }
        }
    }
}

async fn close_tcp(listener: TcpListener, take: &mut impl FnMut((Stream, Peer))) -> io::Result<()> {
    // Of the queue itself, since the runtime only knows whether it has been told of a connection.
    let listener = listener.into_std()?;
    // From now on the system lets one client in at a time.
    rustix::net::listen(&listener, 0)?;
    let address = reachable(listener.local_addr()?);
    for _ in 0..PLUG_ATTEMPTS {
        while let Some((stream, peer)) = waiting(listener.accept())? {
            stream.set_nonblocking(true)?;
            let stream = TcpStream::from_std(stream)?;
            stream.set_nodelay(true)?;
            take((Stream::Tcp(stream), Peer(Some(peer.ip().to_canonical()))));
        }
        // A connection of our own takes the one place in the queue, so that nobody else is let in
        // between the last look at the queue and its end. If somebody was faster, there is another
        // one to accept.
        let plug = timeout(PLUG_TIMEOUT, TcpStream::connect(address)).await;
        if let Ok(Ok(_plug)) = plug {
            drop(listener);
            return Ok(());
        }
    }
    Ok(())
}

/// The address at which a socket can be reached from this machine.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}

fn close_unix(listener: UnixListener, take: &mut impl FnMut((Stream, Peer))) -> io::Result<()> {
    let listener = listener.into_std()?;
    // Nobody is let in any more; those who have been are still handed out.
    rustix::net::shutdown(&listener, Shutdown::Read)?;
    while let Some((stream, _)) = waiting(listener.accept())? {
        stream.set_nonblocking(true)?;
        take((Stream::Unix(UnixStream::from_std(stream)?), Peer(None)));
    }
    Ok(())
}

/// A connection from the queue, or `None` when it is empty.
fn waiting<T>(accepted: io::Result<T>) -> io::Result<Option<T>> {
    match accepted {
        Ok(accepted) => Ok(Some(accepted)),
        // A Unix socket that has been shut down and is empty is an invalid argument.
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::WouldBlock | ErrorKind::InvalidInput
            ) =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn is_about_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionRefused
            | ErrorKind::ConnectionAborted
            | ErrorKind::ConnectionReset
            | ErrorKind::InvalidInput
    )
}

/// A connection of either kind.
pub(super) enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

macro_rules! delegate {
    ($stream:expr, $inner:ident => $call:expr) => {
        match $stream.get_mut() {
            Stream::Tcp($inner) => $call,
            Stream::Unix($inner) => $call,
        }
    };
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        delegate!(self, stream => Pin::new(stream).poll_read(cx, buf))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        delegate!(self, stream => Pin::new(stream).poll_write(cx, bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        delegate!(self, stream => Pin::new(stream).poll_write_vectored(cx, slices))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        delegate!(self, stream => Pin::new(stream).poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        delegate!(self, stream => Pin::new(stream).poll_shutdown(cx))
    }
}
