#![doc = include_str!("../README.md")]
//!
//! # Files
//!
//! One set of queries serves both databases: `connection` has the enum of the two and the macro
//! that runs a query on either. The files `account`, `device`, `token`, `uia`, `threepid` and `lease`
//! mirror the repositories of the port. [`migrate`] embeds the migrations.
//!
//! A unit of work with the intent to write is a transaction: `BEGIN IMMEDIATE` on SQLite's one
//! writing connection, `BEGIN` (read committed) on PostgreSQL. With the intent to read there is no
//! transaction, so a single read is a single round trip; and the connection refuses writes.
//!
//! SQLite needs tokio's multi-threaded runtime: a future that is dropped in the middle of a statement
//! blocks until the statement ends.

mod account;
mod activity;
mod connection;
mod deadline;
mod device;
mod error;
mod lease;
pub mod migrate;
mod open_error;
mod options;
mod pool;
mod registration_token;
mod schema;
mod threepid;
mod token;
mod uia;
mod unit_of_work;
mod validation;

use std::sync::Arc;

use async_trait::async_trait;
use diesel_async::SimpleAsyncConnection as _;
use registrar_domain::ports::store::{Intent, Store, StoreError, UnitOfWork};

use crate::connection::{
    Conn, DatabaseFiles, PostgresConnection, PostgresConnector, Role, SqliteConnection,
    SqliteConnector, on_conn, postgres, sqlite,
};
use crate::deadline::Deadline;
use crate::pool::{FairPool, Loan};
use crate::unit_of_work::{DieselUnitOfWork, Footing};

pub use crate::open_error::OpenError;
pub use crate::options::{
    Backend, ChannelBinding, OptionError, Options, PoolOptions, PostgresOptions, SslMode, Timeouts,
};
pub use crate::pool::PoolUsage;

/// A database with its pools of connections. Share it in an `Arc`.
pub struct DieselStore {
    pools: Pools,
    deadline: Deadline,
}

enum Pools {
    Sqlite {
        readers: FairPool<SqliteConnection>,
        writer: FairPool<SqliteConnection>,
        // After the pools, so that its connection is closed last.
        files: Arc<DatabaseFiles>,
    },
    Postgres {
        readers: FairPool<PostgresConnection>,
        writers: FairPool<PostgresConnection>,
    },
}

/// How the pools are used at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Connections that only read.
    pub readers: PoolUsage,
    /// Connections that write.
    pub writers: PoolUsage,
}

impl DieselStore {
    /// Connects, checks whose database it is, and brings its schema up to date if
    /// [`Options::migrate`] says so. Any number of processes may do so at the same time on one
    /// PostgreSQL; a SQLite file is locked for as long as the store lives.
    ///
    /// # Errors
    /// [`OpenError`]; the database is then as it was, or at the last migration that succeeded.
    pub async fn connect(options: Options) -> Result<Self, OpenError> {
        let Options {
            backend,
            migrate,
            pool,
            timeouts,
        } = options;
        let wait = timeouts.acquire;
        let deadline = Deadline::after(&timeouts);
        let pools = match backend {
            Backend::Sqlite { path } => {
                let location = sqlite::SqliteLocation::new(&path)?;
                let connector = Arc::new(SqliteConnector::new(location, timeouts)?);
                migrate::prepare_sqlite(&connector, migrate).await?;
                let connector = Arc::new(migrate::blocking(move || connector.watch()).await?);
                Pools::Sqlite {
                    files: Arc::clone(connector.files()),
                    readers: FairPool::new(&connector, Role::Reader, pool.readers, wait),
                    writer: FairPool::new(&connector, Role::Writer, 1, wait),
                }
            }
            Backend::Postgres(options) => {
                let connector = Arc::new(PostgresConnector::new(&options, timeouts)?);
                migrate::prepare_postgres(&connector, migrate).await?;
                Pools::Postgres {
                    readers: FairPool::new(&connector, Role::Reader, pool.readers, wait),
                    writers: FairPool::new(&connector, Role::Writer, pool.writers, wait),
                }
            }
        };
        Ok(Self { pools, deadline })
    }

    /// Looks at what can be known without connecting: the files of certificates and keys, the folder of
    /// a SQLite file.
    ///
    /// # Errors
    /// [`OpenError::Tls`] or [`OpenError::NoFolder`], with the name of the file or folder.
    pub fn check(options: &Options) -> Result<(), OpenError> {
        match &options.backend {
            Backend::Sqlite { path } => sqlite::SqliteLocation::new(path)?.require_folder(),
            Backend::Postgres(postgres) => {
                PostgresConnector::new(postgres, options.timeouts).map(drop)
            }
        }
    }

    /// Asks the database for a sign of life.
    ///
    /// # Errors
    /// Of the kind `Unavailable` when none comes in time; of the kind `Lost` as [`Self::check_files`].
    pub async fn ping(&self) -> Result<(), StoreError> {
        const PING: &str = "SELECT 1";
        let mut uow = self.lend(Intent::Read).await?;
        on_conn!(uow, conn => conn.batch_execute(PING).await)
    }

    /// Looks whether the files of a SQLite database are still those that were opened, and saves what
    /// can be saved if they are not. Commits look as well; called every second, this notices a loss also
    /// while nothing is written. Blocks for a moment. PostgreSQL has no files here.
    ///
    /// # Errors
    /// Of the kind `Lost`, at this call and all later ones, even if a file comes back.
    pub fn check_files(&self) -> Result<(), StoreError> {
        let Pools::Sqlite { files, .. } = &self.pools else {
            return Ok(());
        };
        let checked = files.check();
        files.save_log();
        checked
    }

    /// How the pools are used now.
    pub fn usage(&self) -> Usage {
        match &self.pools {
            Pools::Sqlite {
                readers, writer, ..
            } => Usage {
                readers: readers.usage(),
                writers: writer.usage(),
            },
            Pools::Postgres { readers, writers } => Usage {
                readers: readers.usage(),
                writers: writers.usage(),
            },
        }
    }

    #[tracing::instrument(name = "db.begin", level = "debug", skip_all)]
    async fn lend(&self, intent: Intent) -> Result<DieselUnitOfWork, StoreError> {
        let footing = Footing {
            deadline: self.deadline,
            files: self.files().cloned(),
        };
        if let Some(files) = &footing.files {
            files.known()?;
        }
        let (conn, slot) = match (&self.pools, intent) {
            (Pools::Sqlite { readers, .. }, Intent::Read) => {
                let (conn, slot) = readers.lend().await?;
                (Conn::Sqlite(conn), slot)
            }
            (Pools::Sqlite { writer, .. }, Intent::Write) => {
                let (mut conn, slot) = writer.lend().await?;
                sqlite::begin(&mut conn).await.map_err(error::sqlite)?;
                (Conn::Sqlite(conn), slot)
            }
            (Pools::Postgres { readers, .. }, Intent::Read) => {
                let (conn, slot) = readers.lend().await?;
                (Conn::Postgres(conn), slot)
            }
            (Pools::Postgres { writers, .. }, Intent::Write) => {
                let (conn, slot) = begin_on_postgres(writers, self.deadline).await?;
                (Conn::Postgres(conn), slot)
            }
        };
        Ok(DieselUnitOfWork::new(conn, slot, intent, footing))
    }

    fn files(&self) -> Option<&Arc<DatabaseFiles>> {
        match &self.pools {
            Pools::Sqlite { files, .. } => Some(files),
            Pools::Postgres { .. } => None,
        }
    }
}

/// Begins a transaction, on another connection if the first one turns out to be broken: nothing has
/// happened yet, and after a restart of the server every idle connection is broken. A server that is
/// silent on one connection is not asked on another.
async fn begin_on_postgres(
    writers: &FairPool<PostgresConnection>,
    deadline: Deadline,
) -> Result<Loan<PostgresConnection>, StoreError> {
    let mut left = writers.size();
    loop {
        let (mut conn, slot) = writers.lend().await?;
        let begun = deadline.wait(postgres::begin(&mut conn)).await?;
        match begun.map_err(error::postgres) {
            Ok(()) => return Ok((conn, slot)),
            Err(error) if left == 0 => return Err(error),
            Err(error) => {
                tracing::debug!(%error, "database connection was broken, using another one");
                left -= 1;
            }
        }
    }
}

#[async_trait]
impl Store for DieselStore {
    async fn begin(&self, intent: Intent) -> Result<Box<dyn UnitOfWork>, StoreError> {
        Ok(Box::new(self.lend(intent).await?))
    }
}
