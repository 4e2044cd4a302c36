//! A unit of work: a connection on loan, and in it a transaction if the intent is to write.
//!
//! There is no `Drop` here. bb8 closes a connection that comes back with an open transaction, and the
//! database then rolls it back; so it does not matter where in its life a unit of work is dropped.

use async_trait::async_trait;
use diesel_async::{AsyncConnection, TransactionManager as _};
use registrar_domain::ports::store::{
    AccountRepository, DeviceRepository, Intent, LeaseRepository, RegistrationTokenRepository,
    StoreError, StoreErrorKind, ThreepidRepository, TokenRepository, UiaRepository, UnitOfWork,
    ValidationRepository,
};
use tokio::sync::OwnedSemaphorePermit;

use crate::connection::Conn;
use crate::error;

pub(crate) struct DieselUnitOfWork {
    // The order matters: the connection is given back before the slot.
    conn: Conn,
    _slot: OwnedSemaphorePermit,
    intent: Intent,
    /// A statement failed, or was dropped half-way: the transaction may lack a part, and PostgreSQL
    /// would answer its COMMIT with a silent ROLLBACK.
    failed: bool,
}

impl DieselUnitOfWork {
    /// Wraps a connection in which a transaction is open if the intent is to write.
    pub(crate) fn new(conn: Conn, slot: OwnedSemaphorePermit, intent: Intent) -> Self {
        Self {
            conn,
            _slot: slot,
            intent,
            failed: false,
        }
    }

    /// The connection; for `on_conn!`.
    pub(crate) fn conn(&mut self) -> &mut Conn {
        &mut self.conn
    }

    /// Called before each statement: it counts as failed until [`Self::settle`] knows better.
    pub(crate) fn enter(&mut self) -> Result<(), StoreError> {
        if std::mem::replace(&mut self.failed, true) {
            Err(after_failure())
        } else {
            Ok(())
        }
    }

    /// Called after each statement.
    pub(crate) fn settle<T>(&mut self, result: Result<T, StoreError>) -> Result<T, StoreError> {
        self.failed = result.is_err();
        result
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

    fn leases(&mut self) -> &mut dyn LeaseRepository {
        self
    }

    #[tracing::instrument(name = "db.commit", level = "debug", skip_all)]
    async fn commit(mut self: Box<Self>) -> Result<(), StoreError> {
        if self.failed {
            return Err(after_failure());
        }
        if self.intent == Intent::Read {
            return Ok(());
        }
        match &mut self.conn {
            Conn::Sqlite(conn) => commit(&mut **conn).await.map_err(error::sqlite),
            Conn::Postgres(conn) => commit(&mut **conn).await.map_err(error::postgres_commit),
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
