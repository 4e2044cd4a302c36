//! One connection from its first byte to its last.

use std::convert::Infallible;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use http::header::CONNECTION;
use http::{HeaderValue, Version as HttpVersion};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulConnection;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite};
use tokio::sync::watch;
use tokio::time::timeout;
use tower::ServiceExt as _;

use super::activity::Activity;
use super::framing::HeadWatch;
use super::stream::{Rewound, Version, sniff};
use crate::layer::body::AmbiguousLength;
use crate::request::Peer;
use crate::response::{HangUp, Response};

/// The longest head of a request, in bytes; longer ones get 431.
const MAX_HEAD_BYTES: usize = 64 * 1024;
/// Requests in progress on one HTTP/2 connection; a client with more waits.
const MAX_STREAMS: u32 = 100;
/// How often, and for how long, an HTTP/2 client is asked whether it is still there.
const PING: Duration = Duration::from_secs(20);
/// How long a connection without a request may stay once it has been asked to end.
const FAREWELL: Duration = Duration::from_secs(1);
/// How long a client may go on sending what is not wanted.
const LINGER: Duration = Duration::from_secs(3);

/// A connection and what is to be done with it.
pub(super) struct Connection<S> {
    pub(super) peer: Peer,
    pub(super) service: S,
    pub(super) header_timeout: Duration,
    pub(super) idle_timeout: Duration,
    /// Becomes true when the server shuts down.
    pub(super) draining: watch::Receiver<bool>,
}

impl<S> Connection<S>
where
    S: tower::Service<http::Request<Incoming>, Response = Response, Error = Infallible>,
    S: Clone + Send + Sync + 'static,
    S::Future: Send + 'static,
{
    /// Serves the connection until either side closes it.
    pub(super) async fn serve(
        mut self,
        mut stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    ) {
        let activity = Arc::new(Activity::new());
        let sniffed = tokio::select! {
            biased;
            _ = self.draining.wait_for(|draining| *draining) => return,
            sniffed = timeout(self.header_timeout, sniff(&mut stream)) => sniffed,
        };
        let Ok(Ok(Some((version, first)))) = sniffed else {
            tracing::debug!("a connection ended before it said anything");
            return;
        };
        let watch = Arc::new(HeadWatch::new());
        let io = TokioIo::new(Rewound {
            first,
            stream,
            watch: Arc::clone(&watch),
        });
        match version {
            Version::Http1 => {
                let service = service_fn(|request| self.answer(request, &activity, Some(&watch)));
                // Silence is watched by `Activity`, for both versions alike.
                let mut connection = http1::Builder::new()
                    .timer(TokioTimer::new())
                    .header_read_timeout(None)
                    .max_buf_size(MAX_HEAD_BYTES)
                    .serve_connection(io, service);
                self.run(Pin::new(&mut connection), &activity).await;
                if activity.hangs_up() {
                    linger(connection.into_parts().io.into_inner()).await;
                }
            }
            Version::Http2 => {
                let service = service_fn(|request| self.answer(request, &activity, None));
                let connection = http2::Builder::new(TokioExecutor::new())
                    .timer(TokioTimer::new())
                    .max_concurrent_streams(MAX_STREAMS)
                    .max_header_list_size(MAX_HEAD_BYTES as u32)
                    .keep_alive_interval(PING)
                    .keep_alive_timeout(PING)
                    .serve_connection(io, service);
                self.run(pin!(connection), &activity).await;
            }
        }
    }

    /// Lets the connection run, and asks it to end when it is idle or the server shuts down.
    async fn run<C>(&self, mut connection: Pin<&mut C>, activity: &Activity)
    where
        C: GracefulConnection<Error = hyper::Error>,
    {
        let mut draining = self.draining.clone();
        let ended = tokio::select! {
            ended = connection.as_mut() => Some(ended),
            _ = draining.wait_for(|draining| *draining) => None,
            () = activity.idle(self.header_timeout, self.idle_timeout) => None,
        };
        let ended = match ended {
            Some(ended) => Some(ended),
            None => {
                connection.as_mut().graceful_shutdown();
                // Whoever has sent half a head, or does not take its answer, is not waited for.
                tokio::select! {
                    ended = connection.as_mut() => Some(ended),
                    () = activity.idle_for(FAREWELL) => None,
                }
            }
        };
        if let Some(Err(error)) = ended {
            tracing::debug!(error = %error, "a connection broke off");
        }
    }

    /// Answers one request.
    fn answer(
        &self,
        mut request: http::Request<Incoming>,
        activity: &Arc<Activity>,
        watch: Option<&Arc<HeadWatch>>,
    ) -> impl Future<Output = Result<Response, Infallible>> + Send + use<S> {
        let running = activity.begin();
        let activity = Arc::clone(activity);
        let watch = watch.cloned();
        request.extensions_mut().insert(self.peer);
        if watch.as_ref().is_some_and(|watch| watch.begin()) {
            request.extensions_mut().insert(AmbiguousLength);
        }
        let service = self.service.clone();
        async move {
            let version = request.version();
            let mut response = service.oneshot(request).await?;
            // HTTP/2 ends the one stream by itself; its connection can go on.
            if response.extensions_mut().remove::<HangUp>().is_some()
                && version < HttpVersion::HTTP_2
            {
                response
                    .headers_mut()
                    .insert(CONNECTION, HeaderValue::from_static("close"));
                activity.hang_up();
            }
            if let Some(watch) = watch {
                watch.end();
            }
            drop(running);
            Ok(response)
        }
    }
}

/// Reads what the client is still sending, for a while.
///
/// When a connection is closed on unread bytes, the operating system tells the client at once that it
/// was reset, and the client may throw away the answer that explains why.
async fn linger(mut stream: impl AsyncRead + Unpin) {
    let mut discarded = [0; 4096];
    let reading = async { while let Ok(1..) = stream.read(&mut discarded).await {} };
    if timeout(LINGER, reading).await.is_err() {
        tracing::debug!("a client went on sending after its request had been refused");
    }
}
