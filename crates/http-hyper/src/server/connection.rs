//! One connection from its first byte to its last.

use std::convert::Infallible;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::CONNECTION;
use http::{HeaderValue, StatusCode, Version as HttpVersion};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulConnection;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite};
use tokio::sync::watch;
use tokio::time::timeout;
use tower::ServiceExt as _;

use super::activity::{Activity, ConnectionState};
use super::body::{Received, Sent};
use super::host;
use super::room::Place;
use super::stream::{Rewound, Version, sniff};
use crate::layer::admission::ProbesOnly;
use crate::layer::body::UnclearHost;
use crate::request::Peer;
use crate::response::{self, HangUp, Response};

/// The longest head of a request, in bytes; longer ones get 431.
const MAX_HEAD_BYTES: usize = 64 * 1024;
/// Requests in progress on one HTTP/2 connection; a client with more waits.
const MAX_STREAMS: u32 = 100;
/// What an HTTP/2 client may send of one body before it is read, in bytes.
const STREAM_WINDOW_BYTES: u32 = 64 * 1024;
/// The same for all bodies of a connection together.
const CONNECTION_WINDOW_BYTES: u32 = 256 * 1024;
/// How often, and for how long, an HTTP/2 client is asked whether it is still there.
const PING: Duration = Duration::from_secs(20);
/// How long a connection without a request may stay once it has been asked to end.
const FAREWELL: Duration = Duration::from_secs(1);
/// How long the end of an answer may take on a connection that gives way to another one.
const HASTE: Duration = Duration::from_millis(50);
/// How long a client may go on sending what is not wanted.
const LINGER: Duration = Duration::from_secs(3);

/// An answer on its way to the client.
type Outgoing = http::Response<Sent>;

/// A connection and what is to be done with it.
pub(super) struct Connection<S> {
    pub(super) peer: Peer,
    pub(super) service: S,
    pub(super) header_timeout: Duration,
    pub(super) idle_timeout: Duration,
    pub(super) last_call: Duration,
    pub(super) place: Arc<Place>,
    /// Becomes true when the server shuts down.
    pub(super) draining: watch::Receiver<bool>,
}

/// Why a connection stops to be served.
enum End {
    /// It is over.
    Ended(Result<(), hyper::Error>),
    /// It has done nothing for too long, or the server shuts down.
    Asked,
    /// Its place is needed.
    GivesWay,
}

impl<S> Connection<S>
where
    S: tower::Service<http::Request<Received>, Response = Response, Error = Infallible>,
    S: Clone + Send + Sync + 'static,
    S::Future: Send + 'static,
{
    /// Serves the connection until either side closes it.
    pub(super) async fn serve(
        self,
        mut stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    ) {
        let activity = self.place.activity();
        let sniffed = tokio::select! {
            biased;
            () = activity.has_to_give_way() => return,
            sniffed = timeout(self.header_timeout, sniff(&mut stream)) => sniffed,
            () = self.last_call() => return,
        };
        let Ok(Ok(Some((version, first)))) = sniffed else {
            tracing::debug!("connection closed without a request");
            return;
        };
        // In boxes of their own, because most connections of a flood never get there.
        match version {
            Version::Http1 => Box::pin(self.serve_http1(first, stream)).await,
            Version::Http2 => Box::pin(self.serve_http2(first, stream)).await,
        }
    }

    async fn serve_http1(
        &self,
        first: Bytes,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    ) {
        let activity = self.place.activity();
        let io = TokioIo::new(Rewound { first, stream });
        let service = service_fn(|request| self.answer(request, activity));
        // Silence is watched by `Activity`, for both versions alike.
        let mut connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(None)
            .max_buf_size(MAX_HEAD_BYTES)
            .serve_connection(io, service);
        let last_call = async {
            self.drains().await;
            activity.idle_for(self.last_call).await;
        };
        self.run(Pin::new(&mut connection), activity, last_call)
            .await;
        let is_draining = *self.draining.borrow();
        if activity.hangs_up() || is_draining {
            let limit = if is_draining { FAREWELL } else { LINGER };
            linger(connection.into_parts().io.into_inner(), limit).await;
        }
    }

    async fn serve_http2(
        &self,
        first: Bytes,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    ) {
        let activity = self.place.activity();
        let io = TokioIo::new(Rewound { first, stream });
        let service = service_fn(|request| self.answer(request, activity));
        let connection = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .max_concurrent_streams(MAX_STREAMS)
            .initial_stream_window_size(STREAM_WINDOW_BYTES)
            .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
            .max_header_list_size(MAX_HEAD_BYTES as u32)
            .keep_alive_interval(PING)
            .keep_alive_timeout(PING)
            .serve_connection(io, service);
        // A client that is told to go away has requests answered that it has sent before it heard
        // so; only a connection that is just beginning would end without that.
        let last_call = async {
            self.drains().await;
            let begun = timeout(self.last_call, activity.has_begun()).await;
            tracing::trace!(begun = begun.is_ok(), "HTTP/2 connection is closing");
        };
        self.run(pin!(connection), activity, last_call).await;
    }

    /// Completes when the server shuts down.
    async fn drains(&self) {
        let mut draining = self.draining.clone();
        // An error means that the server is gone, which is as good a reason.
        let _gone = draining.wait_for(|draining| *draining).await;
    }

    /// Completes when the server has been shutting down for so long that a client that has not sent
    /// anything is not waited for.
    async fn last_call(&self) {
        self.drains().await;
        tokio::time::sleep(self.last_call).await;
    }

    /// Lets the connection run, and asks it to end when it is idle, when its place is needed, or
    /// after `last_call`.
    async fn run<C>(
        &self,
        mut connection: Pin<&mut C>,
        activity: &Activity,
        last_call: impl Future<Output = ()>,
    ) where
        C: GracefulConnection<Error = hyper::Error>,
    {
        let end = tokio::select! {
            ended = connection.as_mut() => End::Ended(ended),
            () = activity.has_to_give_way() => End::GivesWay,
            () = last_call => End::Asked,
            () = activity.idle(self.header_timeout, self.idle_timeout) => End::Asked,
        };
        let ended = match end {
            End::Ended(ended) => Some(ended),
            End::GivesWay => match activity.state() {
                ConnectionState::Waiting(_) => return,
                ConnectionState::Idle(_) => {
                    connection.as_mut().graceful_shutdown();
                    timeout(HASTE, connection.as_mut()).await.ok()
                }
                // A request has begun since the connection was chosen: it gets its answer.
                ConnectionState::Working => self.finish(connection, activity).await,
            },
            End::Asked => self.finish(connection, activity).await,
        };
        if let Some(Err(error)) = ended {
            tracing::debug!(error = %error, "connection failed");
        }
    }

    /// Asks a connection to end. One that has sent half a head, or does not take its answer, is not
    /// waited for.
    async fn finish<C>(
        &self,
        mut connection: Pin<&mut C>,
        activity: &Activity,
    ) -> Option<Result<(), hyper::Error>>
    where
        C: GracefulConnection<Error = hyper::Error>,
    {
        connection.as_mut().graceful_shutdown();
        tokio::select! {
            ended = connection.as_mut() => Some(ended),
            () = activity.idle_for(FAREWELL) => None,
        }
    }

    /// Answers one request.
    fn answer(
        &self,
        request: http::Request<Incoming>,
        activity: &Arc<Activity>,
    ) -> impl Future<Output = Result<Outgoing, Infallible>> + Send + use<S> {
        let running = activity.begin();
        let activity = Arc::clone(activity);
        let is_named_once = host::is_named_once(&request);
        let mut request = request.map(|body| Received::new(body, &activity));
        let extensions = request.extensions_mut();
        extensions.insert(self.peer);
        if self.place.is_in_reserve() {
            extensions.insert(ProbesOnly);
        }
        if !is_named_once {
            extensions.insert(UnclearHost);
        }
        let service = self.service.clone();
        let place = Arc::clone(&self.place);
        let draining = self.draining.clone();
        async move {
            let version = request.version();
            let stream = if version == HttpVersion::HTTP_2 {
                let Some(stream) = place.stream() else {
                    tracing::debug!("stream refused: too many of one client");
                    return Ok(response::empty(StatusCode::SERVICE_UNAVAILABLE)
                        .map(|body| Sent::new(body, None)));
                };
                Some(stream)
            } else {
                None
            };
            let mut response = service.oneshot(request).await?;
            let hangs_up = response.extensions_mut().remove::<HangUp>().is_some();
            // HTTP/2 ends the one stream by itself; its connection can go on.
            if (hangs_up || *draining.borrow()) && version < HttpVersion::HTTP_2 {
                response
                    .headers_mut()
                    .insert(CONNECTION, HeaderValue::from_static("close"));
                activity.hang_up();
            }
            drop(running);
            Ok(response.map(|body| Sent::new(body, stream)))
        }
    }
}

/// Reads what the client is still sending, for a while.
///
/// When a connection is closed on unread bytes, the operating system tells the client at once that it
/// was reset, and the client may throw away the answer that explains why.
async fn linger(mut stream: impl AsyncRead + Unpin, limit: Duration) {
    let mut discarded = [0; 4096];
    let reading = async { while let Ok(1..) = stream.read(&mut discarded).await {} };
    if timeout(limit, reading).await.is_err() {
        tracing::debug!("client kept sending after the last response");
    }
}
