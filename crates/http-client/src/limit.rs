//! A bound on what is read from a connection.
//!
//! The HTTP library bounds heads and what belongs to chunks, and the body is bounded by the client;
//! but informational answers may come without end, and chunks may be mostly wrapping.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The server has sent more than this many bytes in answer to what was sent last.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("more than {0} bytes were sent for one answer")]
pub(crate) struct TooMuch(pub(crate) usize);

/// A stream that reads so many bytes between two writes, and fails then.
#[derive(Debug)]
pub(crate) struct Bounded<S> {
    stream: S,
    read_bytes: usize,
    max_bytes: usize,
}

impl<S> Bounded<S> {
    pub(crate) fn new(stream: S, max_bytes: usize) -> Self {
        Self {
            stream,
            read_bytes: 0,
            max_bytes,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Bounded<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(cx, buffer))?;
        this.read_bytes += buffer.filled().len() - before;
        if this.read_bytes > this.max_bytes {
            let error = TooMuch(this.max_bytes);
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, error)));
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Bounded<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.read_bytes = 0;
        Pin::new(&mut this.stream).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
