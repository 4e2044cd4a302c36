//! Connections: taking them in, bounding them, letting them end.

mod activity;
mod connection;
mod framing;
mod listener;
mod stream;

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinError, JoinSet};
use tokio::time::timeout;

pub use listener::Listener;

use crate::response::Response;
use connection::Connection;
use listener::Accepted;

/// What connections may cost. Clones share the number of connections, so several listeners together
/// stay below it.
#[derive(Clone, Debug)]
pub struct Limits {
    slots: Arc<Semaphore>,
    /// From the opening of a connection until it has sent the head of a request; default 10 s.
    pub header_timeout: Duration,
    /// From the end of a request until the head of the next; default 60 s. It should be longer than what
    /// a proxy in front keeps idle connections for, or the proxy picks one that is just being closed.
    pub idle_timeout: Duration,
    /// How long running requests may go on once the server shuts down; default 10 s.
    pub shutdown_grace: Duration,
}

impl Limits {
    /// So many connections at the same time, and the defaults for everything else. Further ones wait in
    /// the queue of the operating system.
    pub fn new(max_connections: usize) -> Self {
        Self {
            slots: Arc::new(Semaphore::new(max_connections.min(Semaphore::MAX_PERMITS))),
            header_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(60),
            shutdown_grace: Duration::from_secs(10),
        }
    }
}

/// Serves a listener, HTTP/1.1 and HTTP/2 without TLS on the same port, until `shutdown` completes.
///
/// Then nothing is accepted any more, idle connections are closed, running requests are finished
/// within [`Limits::shutdown_grace`], and it returns.
pub async fn serve<S>(
    listener: impl Into<Listener>,
    service: S,
    limits: Limits,
    shutdown: impl Future<Output = ()>,
) where
    S: tower::Service<http::Request<Incoming>, Response = Response, Error = Infallible>,
    S: Clone + Send + Sync + 'static,
    S::Future: Send + 'static,
{
    let listener = listener.into();
    let (drain, draining) = watch::channel(false);
    let mut connections = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut shutdown => break,
            Some(ended) = connections.join_next() => {
                report(ended);
                continue;
            }
            accepted = listener.accept(&limits.slots) => accepted,
        };
        let Accepted { stream, peer, slot } = accepted;
        let connection = Connection {
            peer,
            service: service.clone(),
            header_timeout: limits.header_timeout,
            idle_timeout: limits.idle_timeout,
            draining: draining.clone(),
        };
        connections.spawn(async move {
            connection.serve(stream).await;
            drop(slot);
        });
    }
    // Closing the listener comes first: a client that is refused tries elsewhere, one that is
    // accepted and then dropped does not know what became of its request.
    drop(listener);
    drain.send_replace(true);
    let ended = timeout(limits.shutdown_grace, async {
        while let Some(ended) = connections.join_next().await {
            report(ended);
        }
    });
    if ended.await.is_err() {
        tracing::warn!(
            connections.left = connections.len(),
            "shutting down with requests that did not finish in time"
        );
        connections.shutdown().await;
    }
}

fn report(ended: Result<(), JoinError>) {
    if let Err(error) = ended {
        tracing::error!(error = %error, "the task of a connection failed");
    }
}
