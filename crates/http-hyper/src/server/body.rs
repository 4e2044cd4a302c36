//! Bodies on their way in and out, with what they hold until they have arrived.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::{Body, Frame, Incoming, SizeHint};

use super::activity::{Activity, Reading};
use super::room::StreamPlace;

/// The body of a request, as it comes from the connection.
#[derive(Debug)]
pub struct Received {
    incoming: Incoming,
    reading: Option<Reading>,
}

impl Received {
    pub(super) fn new(incoming: Incoming, activity: &Arc<Activity>) -> Self {
        let reading = (!incoming.is_end_stream()).then(|| activity.read());
        Self { incoming, reading }
    }
}

impl Body for Received {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let polled = Pin::new(&mut self.incoming).poll_frame(cx);
        let is_over = matches!(polled, Poll::Ready(None | Some(Err(_))));
        if is_over || self.incoming.is_end_stream() {
            self.reading = None;
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}

/// The body of an answer, whose stream counts until all of it has been handed over: a client that
/// does not take its answers has no room for more of them.
pub(super) struct Sent {
    body: Full<Bytes>,
    _stream: Option<StreamPlace>,
}

impl Sent {
    pub(super) fn new(body: Full<Bytes>, stream: Option<StreamPlace>) -> Self {
        Self {
            body,
            _stream: stream,
        }
    }
}

impl Body for Sent {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
