//! Pools of connections that serve in the order of asking.

use std::sync::Arc;
use std::time::Duration;

use diesel_async::pooled_connection::{
    AsyncDieselConnectionManager, ManagerConfig, PoolError, PoolableConnection, RecyclingMethod,
};
use registrar_domain::ports::store::{StoreError, StoreErrorKind};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::connection::{Connector, Lease, Role};

/// A pool of one kind of connection.
///
/// bb8 hands a freed connection to the next caller, so one busy task can starve all others. The
/// semaphore in front has as many permits as there are connections, and a fair queue.
pub(crate) struct FairPool<C: PoolableConnection + 'static>
where
    AsyncDieselConnectionManager<C>: bb8::ManageConnection<Connection = C, Error = PoolError>,
{
    connections: bb8::Pool<AsyncDieselConnectionManager<C>>,
    slots: Arc<Semaphore>,
    size: u32,
    wait: Duration,
}

/// A connection on loan, and the right to it. Drop the connection first: the next caller to get the slot
/// must find the connection back in the pool.
pub(crate) type Loan<C> = (Lease<C>, OwnedSemaphorePermit);

/// How a pool is used at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolUsage {
    /// The most connections it opens.
    pub size: u32,
    /// Connections that serve a unit of work.
    pub in_use: u32,
    /// Open connections that wait for one.
    pub idle: u32,
}

impl<C: PoolableConnection + 'static> FairPool<C>
where
    AsyncDieselConnectionManager<C>: bb8::ManageConnection<Connection = C, Error = PoolError>,
{
    /// A pool of at most `size` connections (at least one), for which nobody waits longer than `wait`.
    /// None is opened yet.
    pub(crate) fn new(
        connector: &Arc<impl Connector<Connection = C>>,
        role: Role,
        size: u32,
        wait: Duration,
    ) -> Self {
        let size = size.max(1);
        let connector = Arc::clone(connector);
        let mut config = ManagerConfig::default();
        config.custom_setup = Box::new(move |_url| {
            let connector = Arc::clone(&connector);
            Box::pin(async move { connector.connect(role).await })
        });
        // What is broken is noticed by its use; asking first would double the cost of a read.
        config.recycling_method = RecyclingMethod::Fast;
        let connections = bb8::Pool::builder()
            .max_size(size)
            .test_on_check_out(false)
            .connection_timeout(wait)
            .error_sink(Box::new(LogSink))
            .build_unchecked(AsyncDieselConnectionManager::new_with_config("", config));
        let slots = Arc::new(Semaphore::new(size as usize));
        Self {
            connections,
            slots,
            size,
            wait,
        }
    }

    /// Waits for a connection. Others that asked earlier get theirs earlier.
    pub(crate) async fn lend(&self) -> Result<Loan<C>, StoreError> {
        tokio::time::timeout(self.wait, self.lend_now_or_later())
            .await
            .unwrap_or_else(|_elapsed| {
                let limit_ms = self.wait.as_millis();
                let message = format!("no connection came free within {limit_ms} ms");
                Err(StoreError::new(StoreErrorKind::Unavailable, message))
            })
    }

    async fn lend_now_or_later(&self) -> Result<Loan<C>, StoreError> {
        let unavailable = |error| StoreError::new(StoreErrorKind::Unavailable, error);
        let slot = Arc::clone(&self.slots)
            .acquire_owned()
            .await
            .map_err(|error| StoreError::new(StoreErrorKind::Unavailable, error))?;
        loop {
            let mut lease = self.connections.get_owned().await.map_err(unavailable)?;
            // A connection may break while it is idle, all of them when the server restarts. A broken
            // one leaves the pool when it is given back.
            if !lease.is_broken() {
                return Ok((lease, slot));
            }
        }
    }

    /// The most connections it opens.
    pub(crate) fn size(&self) -> u32 {
        self.size
    }

    pub(crate) fn usage(&self) -> PoolUsage {
        let state = self.connections.state();
        PoolUsage {
            size: self.size,
            in_use: state.connections.saturating_sub(state.idle_connections),
            idle: state.idle_connections,
        }
    }
}

/// Logs why connections cannot be opened; those who wait for one learn only that none came in time.
#[derive(Debug)]
struct LogSink;

impl bb8::ErrorSink<PoolError> for LogSink {
    fn sink(&self, error: PoolError) {
        tracing::warn!(%error, "cannot open a database connection");
    }

    fn boxed_clone(&self) -> Box<dyn bb8::ErrorSink<PoolError>> {
        Box::new(Self)
    }
}
