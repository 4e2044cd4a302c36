//! Bounds on what a mail server may send, put under the SMTP library, which reads a line to its end
//! before it looks at its length.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The longest line of a reply, in bytes, line end included. RFC 5321 (section 4.5.3.1.5) allows 512,
/// and the SMTP library believes twice as much.
const MAX_LINE_BYTES: usize = 1000;
/// The longest reply, in bytes: everything that a server says to one command.
const MAX_REPLY_BYTES: usize = 16 * 1024;
/// The most lines of a reply: the SMTP library reads all of them again with each further one.
const MAX_REPLY_LINES: usize = 100;
/// All that a server may send for one mail, in bytes: replies, certificates, and everything that TLS
/// adds.
const MAX_EXCHANGE_BYTES: usize = 64 * 1024;

/// A server said too much.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TooMuch {
    #[error("it sent a line of more than {MAX_LINE_BYTES} bytes")]
    Line,
    #[error("it sent a reply of more than {MAX_REPLY_BYTES} bytes")]
    Reply,
    #[error("it sent a reply of more than {MAX_REPLY_LINES} lines")]
    Lines,
    #[error("it sent more than {MAX_EXCHANGE_BYTES} bytes for one mail")]
    Exchange,
}

impl From<TooMuch> for io::Error {
    fn from(too_much: TooMuch) -> Self {
        Self::new(io::ErrorKind::InvalidData, too_much)
    }
}

/// How much of an exchange has been read. Clones count together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Budget(Arc<AtomicUsize>);

impl Budget {
    /// Starts to count anew, for another mail on the same connection.
    pub(crate) fn renew(&self) {
        self.0.store(0, Ordering::Relaxed);
    }

    fn spend(&self, bytes: usize) -> Result<(), TooMuch> {
        let before = self.0.fetch_add(bytes, Ordering::Relaxed);
        if before + bytes > MAX_EXCHANGE_BYTES {
            return Err(TooMuch::Exchange);
        }
        Ok(())
    }
}

/// Bounds a whole exchange. Stands below TLS, so that what TLS keeps to itself counts as well.
#[derive(Debug)]
pub(crate) struct Exchange<S> {
    stream: S,
    budget: Budget,
}

impl<S> Exchange<S> {
    pub(crate) fn new(stream: S, budget: Budget) -> Self {
        Self { stream, budget }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Exchange<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(cx, buffer))?;
        this.budget.spend(buffer.filled().len() - before)?;
        Poll::Ready(Ok(()))
    }
}

/// Bounds lines and replies. Stands above TLS.
#[derive(Debug)]
pub(crate) struct Replies<S> {
    stream: S,
    line_bytes: usize,
    reply_bytes: usize,
    reply_lines: usize,
}

impl<S> Replies<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self {
            stream,
            line_bytes: 0,
            reply_bytes: 0,
            reply_lines: 0,
        }
    }

    pub(crate) fn into_inner(self) -> S {
        self.stream
    }

    fn count(&mut self, bytes: &[u8]) -> Result<(), TooMuch> {
        self.reply_bytes += bytes.len();
        if self.reply_bytes > MAX_REPLY_BYTES {
            return Err(TooMuch::Reply);
        }
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.line_bytes += piece.len();
            if self.line_bytes > MAX_LINE_BYTES {
                return Err(TooMuch::Line);
            }
            if piece.ends_with(b"\n") {
                self.line_bytes = 0;
                self.reply_lines += 1;
            }
            if self.reply_lines > MAX_REPLY_LINES {
                return Err(TooMuch::Lines);
            }
        }
        Ok(())
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Replies<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(cx, buffer))?;
        this.count(&buffer.filled()[before..])?;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Replies<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        // What comes next answers this.
        this.reply_bytes = 0;
        this.reply_lines = 0;
        Pin::new(&mut this.stream).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Exchange<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
