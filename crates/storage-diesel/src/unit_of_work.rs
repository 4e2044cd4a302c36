//! A unit of work: a connection on loan, and in it a transaction if the intent is to write.
//!
//! bb8 closes a connection that comes back with an open transaction, and the database then rolls it
//! back; so it does not matter where in its life a unit of work is dropped. Only a connection without a
//! transaction on which PostgreSQL still owes an answer needs the `Drop` here.

use std::sync::Arc;

use async_trait::async_trait;
use diesel_async::{AsyncConnection, TransactionManager as _};
use registrar_domain::ports::store::{
    AccountRepository, ActivityRepository, DeviceRepository, Intent, LeaseRepository,
    RegistrationTokenRepository, StoreError, StoreErrorKind, ThreepidRepository, TokenRepository,
    UiaRepository, UnitOfWork, ValidationRepository,
};
use tokio::sync::OwnedSemaphorePermit;

use crate::connection::{Conn, DatabaseFiles};
use crate::deadline::Deadline;
use crate::error;

/// What a unit of work needs to know of the database, beside the connection.
pub(crate) struct Footing {
    /// How long PostgreSQL may take for a statement.
    pub(crate) deadline: Deadline,
    /// The files of SQLite.
    pub(crate) files: Option<Arc<DatabaseFiles>>,
}

pub(crate) struct DieselUnitOfWork {
    // The order matters: the connection is given back before the slot.
    conn: Conn,
    _slot: OwnedSemaphorePermit,
    intent: Intent,
    footing: Footing,
    progress: Progress,
}

/// How far the statements of a unit of work have come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    /// All that were begun have succeeded.
    Sound,
    /// One was begun, and has not ended if nobody is waiting for it.
    Waiting,
    /// One failed: the transaction may lack a part, and PostgreSQL would answer its COMMIT with a
    /// silent ROLLBACK.
    Failed,
}

impl DieselUnitOfWork {
    /// Wraps a connection in which a transaction is open if the intent is to write.
    pub(crate) fn new(
        conn: Conn,
        slot: OwnedSemaphorePermit,
        intent: Intent,
        footing: Footing,
    ) -> Self {
        Self {
            conn,
            _slot: slot,
            intent,
            footing,
            progress: Progress::Sound,
        }
    }

    /// The connection; for `on_conn!`.
    pub(crate) fn conn(&mut self) -> &mut Conn {
        &mut self.conn
    }

    /// Called before each statement, which counts as failed until [`Self::settle`] knows better. How
    /// long it may take on PostgreSQL.
    pub(crate) fn enter(&mut self) -> Result<Deadline, StoreError> {
        if self.progress != Progress::Sound {
            return Err(after_failure());
        }
        self.progress = Progress::Waiting;
        Ok(self.footing.deadline)
    }

    /// Called after each statement.
    pub(crate) fn settle<T>(&mut self, result: Result<T, StoreError>) -> Result<T, StoreError> {
        self.progress = match &result {
            Ok(_) => Progress::Sound,
            // Nobody waits any longer, and an answer may still come.
            Err(error) if error.kind == StoreErrorKind::Unavailable => Progress::Waiting,
            Err(_) => Progress::Failed,
        };
        result
    }
}

impl Drop for DieselUnitOfWork {
    fn drop(&mut self) {
        if self.progress == Progress::Waiting {
            self.conn.spoil();
        }
    }
}

#[async_trait]
impl UnitOfWork for DieselUnitOfWork {
    fn accounts(&mut self) -> &mut dyn AccountRepository {
        self
    }

    fn devices(&mut self) -> &mut dyn DeviceRepository {
        self
    }

    fn tokens(&mut self) -> &mut dyn TokenRepository {
        self
    }

    fn uia_sessions(&mut self) -> &mut dyn UiaRepository {
        self
    }

    fn threepids(&mut self) -> &mut dyn ThreepidRepository {
        self
    }

    fn registration_tokens(&mut self) -> &mut dyn RegistrationTokenRepository {
        self
    }

    fn validations(&mut self) -> &mut dyn ValidationRepository {
        self
    }

    fn activity(&mut self) -> &mut dyn ActivityRepository {
        self
    }

    fn leases(&mut self) -> &mut dyn LeaseRepository {
        self
    }

    #[tracing::instrument(name = "db.commit", level = "debug", skip_all)]
    async fn commit(mut self: Box<Self>) -> Result<(), StoreError> {
        if self.progress != Progress::Sound {
            return Err(after_failure());
        }
        if self.intent == Intent::Read {
            return Ok(());
        }
        match &mut self.conn {
            Conn::Sqlite(conn) => commit(&mut **conn).await.map_err(error::sqlite)?,
            Conn::Postgres(conn) => {
                let committed = self.footing.deadline.within(commit(&mut **conn));
                committed.await.map_err(error::postgres_commit)?;
            }
        }
        // Afterwards, or a file that goes away between the look and the commit would take the commit
        // with it.
        match &self.footing.files {
            Some(files) => files.check(),
            None => Ok(()),
        }
    }
}

async fn commit<C: AsyncConnection>(conn: &mut C) -> diesel::QueryResult<()> {
    C::TransactionManager::commit_transaction(conn).await
}

fn after_failure() -> StoreError {
    StoreError::new(
        StoreErrorKind::Other,
        "an earlier statement of the unit of work failed",
    )
}
