//! [`Deadline`]: how long this side waits for PostgreSQL.

use std::time::Duration;

use diesel::result::{DatabaseErrorKind, Error};
use registrar_domain::ports::store::{StoreError, StoreErrorKind};

use crate::OpenError;
use crate::options::Timeouts;

/// How much longer than the server this side waits, so that a server that is alive says itself what
/// took so long, and the connection stays.
const HEAD_START: Duration = Duration::from_millis(500);

/// The longest that a statement may take, seen from here. A frozen server and a network that swallows
/// everything end no statement by themselves.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline(Duration);

/// No answer came in time. The connection is of no more use: the answer may still be on its way, and
/// nobody knows what became of the statement.
#[derive(Debug, thiserror::Error)]
#[error("PostgreSQL did not answer within {} ms", .0.as_millis())]
pub(crate) struct Overdue(Duration);

impl Deadline {
    /// Just after the server's own `statement_timeout`.
    pub(crate) fn after(timeouts: &Timeouts) -> Self {
        Self(timeouts.statement.saturating_add(HEAD_START))
    }

    /// Waits for `work`, and drops it when it takes too long.
    pub(crate) async fn wait<T>(self, work: impl Future<Output = T>) -> Result<T, Overdue> {
        tokio::time::timeout(self.0, work)
            .await
            .map_err(|_elapsed| Overdue(self.0))
    }

    /// The same, for work that can fail by itself.
    pub(crate) async fn within<T, E: From<Overdue>>(
        self,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        self.wait(work).await?
    }
}

impl From<Overdue> for Error {
    fn from(overdue: Overdue) -> Self {
        let message = Box::new(overdue.to_string());
        Self::DatabaseError(DatabaseErrorKind::ClosedConnection, message)
    }
}

impl From<Overdue> for OpenError {
    fn from(overdue: Overdue) -> Self {
        Self::Connect(overdue.into())
    }
}

impl From<Overdue> for StoreError {
    fn from(overdue: Overdue) -> Self {
        Self::new(StoreErrorKind::Unavailable, overdue)
    }
}
