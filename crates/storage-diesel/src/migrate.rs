//! Migrations, embedded in the binary.
//!
//! Each runs in a transaction of its own, under a lock: an advisory lock on PostgreSQL, where several
//! servers may start at once, and the lock of the file on SQLite. Before anything is changed, the
//! database must be empty or ours ([`OpenError::Foreign`]) and not newer than this program
//! ([`OpenError::Newer`]).
//!
//! Migrating PostgreSQL needs the multi-threaded runtime of tokio.

mod inspect;

use std::sync::Arc;

use diesel::migration::{MigrationSource, MigrationVersion};
use diesel_async::{AsyncMigrationHarness, SimpleAsyncConnection as _};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use self::inspect::{Known, inspect_postgres, inspect_sqlite, judge};
use crate::OpenError;
use crate::connection::sqlite::{SqliteLocation, use_write_ahead_log};
use crate::connection::{PostgresConnection, PostgresConnector, SqliteConnector};
use crate::options::{Backend, Timeouts};

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// The advisory lock of a migrating server, a number that no other program is likely to use: the
/// first letters of "registrar".
const ADVISORY_LOCK: i64 = i64::from_be_bytes(*b"registra");

/// How long a server waits for another one that migrates.
const LOCK_WAIT_SECONDS: u32 = 300;

/// The state of a schema. Migrations are named `<date>-<time>_<topic>`, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// What has been run.
    pub applied: Vec<String>,
    /// What this program knows and the database lacks.
    pub pending: Vec<String>,
}

/// Looks at a database, without a lock and without changing anything. A SQLite file that does not
/// exist counts as empty and is not created.
///
/// # Errors
/// [`OpenError`].
pub async fn status(backend: &Backend) -> Result<Status, OpenError> {
    match backend {
        Backend::Sqlite { path } => sqlite_status(SqliteLocation::new(path)?).await,
        Backend::Postgres(options) => {
            let connector = PostgresConnector::new(options, Timeouts::default())?;
            judge(
                &look_at(&connector).await?,
                &known::<diesel::pg::Pg>(&POSTGRES)?,
            )
        }
    }
}

/// Runs the pending migrations; their names. Nothing else may have a SQLite file open.
///
/// # Errors
/// [`OpenError`]; migrations before the failed one stay.
pub async fn up(backend: &Backend) -> Result<Vec<String>, OpenError> {
    change(backend, Direction::Up).await
}

/// Reverts the last `count` migrations, newest first; their names. Their data is lost.
///
/// # Errors
/// [`OpenError`]; migrations before the failed one stay reverted.
pub async fn down(backend: &Backend, count: usize) -> Result<Vec<String>, OpenError> {
    change(backend, Direction::Down(count)).await
}

#[derive(Clone, Copy)]
enum Direction {
    Up,
    Down(usize),
}

async fn change(backend: &Backend, direction: Direction) -> Result<Vec<String>, OpenError> {
    match backend {
        Backend::Sqlite { path } => {
            let location = SqliteLocation::new(path)?;
            let connector = Arc::new(SqliteConnector::new(location, Timeouts::default())?);
            change_sqlite(connector, direction).await
        }
        Backend::Postgres(options) => {
            let connector = PostgresConnector::new(options, Timeouts::default())?;
            change_postgres(&connector, direction).await
        }
    }
}

/// Makes a SQLite file ready for use.
pub(crate) async fn prepare_sqlite(
    connector: &Arc<SqliteConnector>,
    migrate: bool,
) -> Result<(), OpenError> {
    if migrate {
        change_sqlite(Arc::clone(connector), Direction::Up).await?;
        return Ok(());
    }
    require_current(sqlite_status(connector.location().clone()).await?)?;
    let connector = Arc::clone(connector);
    blocking(move || use_write_ahead_log(&mut connector.create()?)).await
}

/// Makes a PostgreSQL database ready for use.
pub(crate) async fn prepare_postgres(
    connector: &PostgresConnector,
    migrate: bool,
) -> Result<(), OpenError> {
    let known = known::<diesel::pg::Pg>(&POSTGRES)?;
    let status = judge(&look_at(connector).await?, &known)?;
    if migrate && !status.pending.is_empty() {
        change_postgres(connector, Direction::Up).await?;
        return Ok(());
    }
    require_current(status)
}

/// Inspects the database on a connection for that.
async fn look_at(connector: &PostgresConnector) -> Result<inspect::Found, OpenError> {
    let mut conn = connector.establish().await?;
    let inspection = inspect_postgres(&mut conn);
    connector.deadline().within(inspection).await
}

fn require_current(status: Status) -> Result<(), OpenError> {
    if status.pending.is_empty() {
        Ok(())
    } else {
        Err(OpenError::Pending {
            pending: status.pending,
        })
    }
}

async fn sqlite_status(location: SqliteLocation) -> Result<Status, OpenError> {
    blocking(move || {
        // Opening would create it.
        let found = if location.path().exists() {
            inspect_sqlite(&mut location.open(&Timeouts::default())?)?
        } else {
            inspect::Found::default()
        };
        judge(&found, &known::<diesel::sqlite::Sqlite>(&SQLITE)?)
    })
    .await
}

async fn change_sqlite(
    connector: Arc<SqliteConnector>,
    direction: Direction,
) -> Result<Vec<String>, OpenError> {
    blocking(move || {
        let mut conn = connector.create()?;
        let known = known::<diesel::sqlite::Sqlite>(&SQLITE)?;
        judge(&inspect_sqlite(&mut conn)?, &known)?;
        use_write_ahead_log(&mut conn)?;
        run(&mut conn, || SQLITE, direction, &known)
    })
    .await
}

async fn change_postgres(
    connector: &PostgresConnector,
    direction: Direction,
) -> Result<Vec<String>, OpenError> {
    let mut conn = connector.establish().await?;
    // A migration may take its time, but it waits for locks only so long. Notices about what exists
    // already would end up in the log of every start.
    let lock = format!(
        "SET client_min_messages = warning; SET statement_timeout = 0; \
         SET idle_in_transaction_session_timeout = 0; SET lock_timeout = '{LOCK_WAIT_SECONDS}s'; \
         SELECT pg_advisory_lock({ADVISORY_LOCK});"
    );
    conn.batch_execute(&lock)
        .await
        .map_err(|error| OpenError::Migration(error.into()))?;
    // The lock goes with its connection, whatever happens here; giving it back spares the next
    // server the wait until the server notices.
    let known = known::<diesel::pg::Pg>(&POSTGRES)?;
    judge(&inspect_postgres(&mut conn).await?, &known)?;
    let mut harness = AsyncMigrationHarness::<PostgresConnection>::new(conn);
    let changed = run(&mut harness, || POSTGRES, direction, &known)?;
    let unlock = format!("SELECT pg_advisory_unlock({ADVISORY_LOCK});");
    harness.into_inner().batch_execute(&unlock).await?;
    Ok(changed)
}

fn run<DB: diesel::backend::Backend>(
    harness: &mut impl MigrationHarness<DB>,
    source: fn() -> EmbeddedMigrations,
    direction: Direction,
    known: &[Known],
) -> Result<Vec<String>, OpenError> {
    let name_of = |version: &MigrationVersion<'_>| {
        let version = version.to_string();
        let name = known.iter().find(|known| known.version == version);
        name.map_or(version, |known| known.name.clone())
    };
    match direction {
        Direction::Up => {
            let versions = harness
                .run_pending_migrations(source())
                .map_err(OpenError::Migration)?;
            Ok(versions.iter().map(name_of).collect())
        }
        Direction::Down(count) => {
            let applied = harness.applied_migrations().map_err(OpenError::Migration)?;
            let mut reverted = Vec::new();
            for _ in applied.iter().take(count) {
                let version = harness.revert_last_migration(source());
                reverted.push(name_of(&version.map_err(OpenError::Migration)?));
            }
            Ok(reverted)
        }
    }
}

fn known<DB: diesel::backend::Backend>(
    source: &EmbeddedMigrations,
) -> Result<Vec<Known>, OpenError> {
    let migrations = MigrationSource::<DB>::migrations(source).map_err(OpenError::Migration)?;
    let mut known: Vec<_> = migrations
        .iter()
        .map(|migration| Known {
            version: migration.name().version().to_string(),
            name: migration.name().to_string(),
        })
        .collect();
    known.sort();
    Ok(known)
}

pub(crate) async fn blocking<T: Send + 'static>(
    task: impl FnOnce() -> Result<T, OpenError> + Send + 'static,
) -> Result<T, OpenError> {
    tokio::task::spawn_blocking(task)
        .await
        .unwrap_or_else(|error| Err(OpenError::Migration(error.into())))
}
