//! The stream that the SMTP library reads from, and that can be taken back from it.
//!
//! STARTTLS is carried out here and not by the library: that one reads on after it in a buffer that
//! may still hold what arrived before, unencrypted, and it does not let others decide which
//! certificates are accepted.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use crate::limit::{Exchange, Replies};

/// A connection without TLS.
pub(crate) type Plain = Exchange<TcpStream>;

/// What a mail server says after STARTTLS, seen from the SMTP library: to it, each connection begins
/// with a greeting, but servers do not repeat theirs.
const GREETING: &[u8] = b"220 ready for TLS\r\n";

/// What is behind a [`Stream`].
#[derive(Debug)]
enum Wire {
    Plain(Replies<Plain>),
    Encrypted(Box<Replies<TlsStream<Plain>>>),
    /// It was taken back.
    Gone,
}

/// A connection to the mail server. Clones are the same connection.
#[derive(Clone, Debug)]
pub(crate) struct Stream {
    wire: Arc<Mutex<Wire>>,
    peer: SocketAddr,
    /// What is read before anything that the server says.
    greeting: &'static [u8],
}

impl Stream {
    pub(crate) fn plain(stream: Plain, peer: SocketAddr) -> Self {
        Self::new(Wire::Plain(Replies::new(stream)), peer)
    }

    /// TLS from the first byte.
    pub(crate) fn encrypted(stream: TlsStream<Plain>, peer: SocketAddr) -> Self {
        Self::new(Wire::Encrypted(Box::new(Replies::new(stream))), peer)
    }

    /// TLS after STARTTLS.
    pub(crate) fn upgraded(stream: TlsStream<Plain>, peer: SocketAddr) -> Self {
        Self {
            greeting: GREETING,
            ..Self::encrypted(stream, peer)
        }
    }

    /// Takes the connection back from all clones; `None` if it is encrypted or was taken before.
    pub(crate) fn take_plain(&self) -> Option<Plain> {
        match std::mem::replace(&mut *self.wire(), Wire::Gone) {
            Wire::Plain(replies) => Some(replies.into_inner()),
            Wire::Encrypted(_) | Wire::Gone => None,
        }
    }

    fn new(wire: Wire, peer: SocketAddr) -> Self {
        Self {
            wire: Arc::new(Mutex::new(wire)),
            peer,
            greeting: &[],
        }
    }

    fn wire(&self) -> MutexGuard<'_, Wire> {
        self.wire.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AsyncTokioStream for Stream {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.peer)
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.greeting.is_empty() {
            let (now, later) = this
                .greeting
                .split_at(buffer.remaining().min(this.greeting.len()));
            buffer.put_slice(now);
            this.greeting = later;
            return Poll::Ready(Ok(()));
        }
        match &mut *this.wire() {
            Wire::Plain(stream) => Pin::new(stream).poll_read(cx, buffer),
            Wire::Encrypted(stream) => Pin::new(stream).poll_read(cx, buffer),
            Wire::Gone => Poll::Ready(Ok(())),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut *self.wire() {
            Wire::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Wire::Encrypted(stream) => Pin::new(stream).poll_write(cx, bytes),
            Wire::Gone => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self.wire() {
            Wire::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Wire::Encrypted(stream) => Pin::new(stream).poll_flush(cx),
            Wire::Gone => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self.wire() {
            Wire::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Wire::Encrypted(stream) => Pin::new(stream).poll_shutdown(cx),
            Wire::Gone => Poll::Ready(Ok(())),
        }
    }
}
