//! Accepts connections, limits them, and closes them.

mod activity;
mod body;
mod connection;
mod host;
mod listener;
mod room;
mod stream;

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{sleep, timeout};

pub use body::Received;
pub use listener::Listener;
pub use room::Capacity;

use crate::request::{Forwarding, Peer, Subscriber};
use crate::response::Response;
use connection::Connection;
use listener::Stream;
use room::{Admission, Place, Room};

/// How long a connection waits for a place before it is looked for one again.
const PLACE_PAUSE: Duration = Duration::from_millis(20);

/// Limits for connections. Clones share the number of connections, so that it holds for several
/// listeners together.
#[derive(Clone, Debug)]
pub struct Limits {
    room: Arc<Room>,
    /// Which peers are proxies. Their connections do not count as those of one client; default none.
    pub forwarding: Forwarding,
    /// The time from the opening of a connection to the end of its first request's head; default 10 s.
    pub header_timeout: Duration,
    /// The time from the end of a request to the head of the next; default 60 s. It should be longer than
    /// a reverse proxy keeps idle connections, or the proxy uses one that is just being closed.
    pub idle_timeout: Duration,
    /// How long an idle connection may still send a request once the server shuts down; default 1 s. The
    /// request may have been sent before the shutdown.
    pub last_call: Duration,
    /// How long running requests may go on once the server shuts down; default 10 s.
    pub shutdown_grace: Duration,
}

impl Limits {
    /// Limits the number of connections, with the defaults for everything else.
    pub fn new(max_connections: usize) -> Self {
        Self::with(Capacity::new(max_connections))
    }

    /// Limits the number of connections and streams, with the defaults for everything else.
    ///
    /// At the limit, idle and stalled connections are closed for new ones, first those of the address
    /// with the most connections. When all have requests in progress, a few more are accepted, on which
    /// probes are answered and all other requests get 503; further ones wait in the queue of the operating
    /// system.
    pub fn with(capacity: Capacity) -> Self {
        Self {
            room: Arc::new(Room::new(capacity)),
            forwarding: Forwarding::Ignored,
            header_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(60),
            last_call: Duration::from_secs(1),
            shutdown_grace: Duration::from_secs(10),
        }
    }
}

/// Serves a listener, HTTP/1.1 and HTTP/2 without TLS on the same port, until `shutdown` completes.
///
/// On shutdown it accepts the connections that are already waiting, and no others. Idle connections may
/// send one more request within [`Limits::last_call`], and requests in progress have
/// [`Limits::shutdown_grace`] to finish.
pub async fn serve<S>(
    listener: impl Into<Listener>,
    service: S,
    limits: Limits,
    shutdown: impl Future<Output = ()>,
) where
    S: tower::Service<http::Request<Received>, Response = Response, Error = Infallible>,
    S: Clone + Send + Sync + 'static,
    S::Future: Send + 'static,
{
    let listener = listener.into();
    let (drain, draining) = watch::channel(false);
    let mut server = Server {
        service,
        limits,
        draining,
        connections: JoinSet::new(),
    };
    let mut shutdown = pin!(shutdown);
    // One that has been accepted and has no place yet.
    let mut waiting = None;
    loop {
        tokio::select! {
            biased;
            () = &mut shutdown => break,
            Some(ended) = server.connections.join_next() => report(ended),
            () = sleep(PLACE_PAUSE), if waiting.is_some() => {
                waiting = waiting.take().and_then(|accepted| server.take(accepted));
            }
            accepted = listener.accept(&server.limits.room), if waiting.is_none() => {
                waiting = server.take(accepted);
            }
        }
    }
    drain.send_replace(true);
    // A client whose connection is closed without an answer does not know what became of its
    // request, so everybody who was let in by the operating system is let in here.
    if let Some(accepted) = waiting {
        server.insist(accepted);
    }
    listener
        .close(|accepted| {
            if let Some(accepted) = server.take(accepted) {
                server.insist(accepted);
            }
        })
        .await;
    server.finish().await;
}

/// A listener's connections and what is done with them.
struct Server<S> {
    service: S,
    limits: Limits,
    draining: watch::Receiver<bool>,
    connections: JoinSet<()>,
}

impl<S> Server<S>
where
    S: tower::Service<http::Request<Received>, Response = Response, Error = Infallible>,
    S: Clone + Send + Sync + 'static,
    S::Future: Send + 'static,
{
    /// Serves a connection if there is a place for it. Gives it back if there will be one later.
    fn take(&mut self, (stream, peer): (Stream, Peer)) -> Option<(Stream, Peer)> {
        match self.limits.room.admit(self.share_of(peer)) {
            Admission::Granted(place) => self.spawn(stream, peer, place),
            Admission::ShareUsed => {
                tracing::debug!("connection refused: too many of one client");
            }
            Admission::Full => return Some((stream, peer)),
        }
        None
    }

    /// Serves a connection although there is no place for it.
    fn insist(&mut self, (stream, peer): (Stream, Peer)) {
        let place = self.limits.room.insist(self.share_of(peer));
        self.spawn(stream, peer, place);
    }

    /// Whose share a connection is part of. Proxies, and what is on this machine behind a Unix
    /// socket, have none.
    fn share_of(&self, Peer(ip): Peer) -> Option<Subscriber> {
        let counted = ip.filter(|ip| !self.limits.forwarding.is_proxy(*ip));
        counted.map(Subscriber::of)
    }

    fn spawn(&mut self, stream: Stream, peer: Peer, place: Place) {
        let connection = Connection {
            peer,
            service: self.service.clone(),
            header_timeout: self.limits.header_timeout,
            idle_timeout: self.limits.idle_timeout,
            last_call: self.limits.last_call,
            place: Arc::new(place),
            draining: self.draining.clone(),
        };
        self.connections.spawn(connection.serve(stream));
    }

    /// Lets all connections end.
    async fn finish(mut self) {
        let ended = timeout(self.limits.shutdown_grace, async {
            while let Some(ended) = self.connections.join_next().await {
                report(ended);
            }
        });
        if ended.await.is_err() {
            tracing::warn!(
                connections.left = self.connections.len(),
                "shutdown with unfinished requests"
            );
            self.connections.shutdown().await;
        }
    }
}

fn report(ended: Result<(), JoinError>) {
    if let Err(error) = ended {
        tracing::error!(error = %error, "connection task failed");
    }
}
