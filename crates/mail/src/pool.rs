//! Connections to the mail server.
//!
//! The SMTP library has a pool of its own, but that one takes a connection back whose mail was
//! dropped half-way (a timeout, a client that hung up). The next mail would then read the answers to
//! the one before, and could be reported as sent when it was not. Here a connection comes back only
//! after the server has taken a whole mail on it.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lettre::address::Envelope;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

use crate::connection::{Connection, Server};
use crate::failure::Failure;
use crate::options::{SetupError, Smtp};

/// How many connections there are at most.
const MAX_CONNECTIONS: usize = 4;
/// How long a connection may lie idle and still be used. Servers hang up after some minutes.
const MAX_IDLE: Duration = Duration::from_secs(60);
/// How long an idle connection has to show that it is alive, or to say goodbye.
const PROBE_TIMEOUT: Duration = Duration::from_secs(5);

/// Up to [`MAX_CONNECTIONS`] connections, opened when needed.
pub(crate) struct Pool {
    server: Server,
    slots: Semaphore,
    idle: Mutex<Vec<Idle>>,
}

struct Idle {
    connection: Connection,
    since: Instant,
}

impl Pool {
    /// An empty pool.
    ///
    /// # Errors
    /// A name or a certificate that cannot be used.
    pub(crate) fn new(smtp: &Smtp) -> Result<Self, SetupError> {
        Ok(Self {
            server: Server::new(smtp)?,
            slots: Semaphore::new(MAX_CONNECTIONS),
            idle: Mutex::new(Vec::new()),
        })
    }

    /// The mail server.
    pub(crate) fn server(&self) -> &Server {
        &self.server
    }

    /// Sends one mail. Dropped half-way, it closes the connection, and the server forgets the mail
    /// unless it had all of it.
    ///
    /// # Errors
    /// Trouble with the connection, or a refusal.
    pub(crate) async fn send(&self, envelope: &Envelope, mail: &[u8]) -> Result<(), Failure> {
        let _slot = self
            .slots
            .acquire()
            .await
            .expect("the semaphore is never closed");
        let mut connection = match self.reuse().await {
            Some(connection) => connection,
            None => self.server.connect().await?,
        };
        connection.send(envelope, mail).await?;
        self.park(connection);
        Ok(())
    }

    /// Says goodbye on all idle connections.
    pub(crate) async fn close(&self) {
        let idle = std::mem::take(&mut *self.idle());
        for Idle { mut connection, .. } in idle {
            if timeout(PROBE_TIMEOUT, connection.quit()).await != Ok(true) {
                tracing::debug!("mail server did not answer QUIT");
            }
        }
    }

    /// An idle connection that is still alive; the others are closed on the way.
    async fn reuse(&self) -> Option<Connection> {
        loop {
            let Idle {
                mut connection,
                since,
            } = self.idle().pop()?;
            if since.elapsed() <= MAX_IDLE
                && timeout(PROBE_TIMEOUT, connection.is_alive()).await == Ok(true)
            {
                return Some(connection);
            }
        }
    }

    fn park(&self, connection: Connection) {
        self.idle().push(Idle {
            connection,
            since: Instant::now(),
        });
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pool")
            .field("idle", &self.idle().len())
            .finish_non_exhaustive()
    }
}
