//! SQLite: one file, one process, one writer.

mod files;

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use diesel::{Connection as _, ConnectionError, ConnectionResult, QueryResult};
use diesel_async::SimpleAsyncConnection as _;
use diesel_async::sync_connection_wrapper::SyncConnectionWrapper;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{Connector, Role};
use crate::OpenError;
use crate::options::Timeouts;

pub(crate) use self::files::DatabaseFiles;

/// What a path keeps in a URI.
const PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'_')
    .remove(b'.');

/// A connection whose statements run on the runtime's blocking threads.
pub(crate) type SqliteConnection = SyncConnectionWrapper<diesel::SqliteConnection>;

/// Opens connections to one file, which no other process may have open through this program as long
/// as the connector lives.
pub(crate) struct SqliteConnector {
    location: SqliteLocation,
    timeouts: Timeouts,
    _lock: File,
}

/// Where a database is, as SQLite wants to be told.
#[derive(Clone)]
pub(crate) struct SqliteLocation {
    path: PathBuf,
    text: String,
}

impl SqliteLocation {
    pub(crate) fn new(path: &Path) -> Result<Self, OpenError> {
        // Each connection of a pool would have a database of its own.
        if path.as_os_str().is_empty() || path == Path::new(":memory:") {
            return Err(OpenError::InMemory);
        }
        // Absolute, because SQLite would read `file:x` as a URI and diesel strips `sqlite://`; and
        // without symbolic links, so that all names of a file share one lock.
        let absolute = std::path::absolute(path).map_err(|error| at(path, &error))?;
        let path = absolute.canonicalize().unwrap_or(absolute);
        let text = path
            .to_str()
            .ok_or_else(|| OpenError::Connect("the path of the file is not UTF-8".into()))?;
        Ok(Self {
            text: text.to_owned(),
            path,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Fails if there is no folder to make the file in.
    pub(crate) fn require_folder(&self) -> Result<(), OpenError> {
        match self.path.parent() {
            Some(folder) if !folder.is_dir() => Err(OpenError::NoFolder {
                folder: folder.to_owned(),
            }),
            _ => Ok(()),
        }
    }

    /// The file as a URI that opens it only if it is there. By its path SQLite would make an empty one.
    fn existing(&self) -> String {
        format!("file:{}?mode=rw", utf8_percent_encode(&self.text, PATH))
    }

    /// A plain connection, for one who looks and does not touch.
    pub(crate) fn open(&self, timeouts: &Timeouts) -> ConnectionResult<diesel::SqliteConnection> {
        let mut conn = diesel::SqliteConnection::establish(&self.text)?;
        diesel::connection::SimpleConnection::batch_execute(&mut conn, &busy_timeout(timeouts))
            .map_err(ConnectionError::CouldntSetupConfiguration)?;
        Ok(conn)
    }
}

impl SqliteConnector {
    /// Takes the lock file beside the database.
    pub(crate) fn new(location: SqliteLocation, timeouts: Timeouts) -> Result<Self, OpenError> {
        location.require_folder()?;
        let mut lock_path = location.path.clone().into_os_string();
        lock_path.push(".lock");
        let lock = private(OpenOptions::new().create(true).truncate(false).write(true))
            .open(&lock_path)
            .map_err(|error| at(Path::new(&lock_path), &error))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(OpenError::InUse {
                    path: location.path,
                });
            }
            Err(TryLockError::Error(error)) => return Err(at(Path::new(&lock_path), &error)),
        }
        Ok(Self {
            location,
            timeouts,
            _lock: lock,
        })
    }

    /// A plain connection to the database, which is created if there is none.
    pub(crate) fn create(&self) -> Result<diesel::SqliteConnection, OpenError> {
        // SQLite takes an empty file for a new database, and gives its journal the same permissions.
        match private(OpenOptions::new().create_new(true).write(true)).open(self.location.path()) {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
                return Err(at(self.location.path(), &error));
            }
            _ => {}
        }
        Ok(self.location.open(&self.timeouts)?)
    }

    pub(crate) fn location(&self) -> &SqliteLocation {
        &self.location
    }

    /// Keeps an eye on the files of the database, which is ready for use. Blocks.
    pub(crate) fn watch(self: Arc<Self>) -> Result<WatchedSqlite, OpenError> {
        let mut keeper = diesel::SqliteConnection::establish(&self.location.existing())?;
        diesel::connection::SimpleConnection::batch_execute(
            &mut keeper,
            &pragmas(Role::Writer, &self.timeouts),
        )?;
        let files = Arc::new(DatabaseFiles::watch(self.location.path(), keeper)?);
        Ok(WatchedSqlite {
            connector: self,
            files,
        })
    }
}

/// Opens connections to one file for as long as it is the same file.
pub(crate) struct WatchedSqlite {
    connector: Arc<SqliteConnector>,
    files: Arc<DatabaseFiles>,
}

impl WatchedSqlite {
    pub(crate) fn files(&self) -> &Arc<DatabaseFiles> {
        &self.files
    }

    fn check(&self) -> ConnectionResult<()> {
        let lost = |error: registrar_domain::ports::store::StoreError| {
            ConnectionError::BadConnection(error.to_string())
        };
        self.files.check().map_err(lost)
    }
}

impl Connector for WatchedSqlite {
    type Connection = SqliteConnection;

    async fn connect(&self, role: Role) -> ConnectionResult<SqliteConnection> {
        let SqliteConnector {
            location, timeouts, ..
        } = &*self.connector;
        self.check()?;
        let mut conn =
            <SqliteConnection as diesel_async::AsyncConnection>::establish(&location.existing())
                .await?;
        conn.batch_execute(&pragmas(role, timeouts))
            .await
            .map_err(ConnectionError::CouldntSetupConfiguration)?;
        // It may have opened what has just taken the file's place.
        self.check()?;
        Ok(conn)
    }
}

fn at(path: &Path, error: &std::io::Error) -> OpenError {
    OpenError::Connect(format!("{}: {error}", path.display()).into())
}

/// Only the owner may read what holds digests of tokens and hashes of passwords.
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

/// Write-ahead logging lets readers go on while the one writer writes. The mode is kept in the file.
/// It is set by one connection before there are others: changing it under others fails as locked.
pub(crate) fn use_write_ahead_log(conn: &mut diesel::SqliteConnection) -> Result<(), OpenError> {
    #[derive(diesel::QueryableByName)]
    struct Mode {
        #[diesel(sql_type = diesel::sql_types::Text)]
        journal_mode: String,
    }
    let mode: Mode =
        diesel::RunQueryDsl::get_result(diesel::sql_query("PRAGMA journal_mode = WAL"), conn)?;
    if mode.journal_mode == "wal" {
        Ok(())
    } else {
        Err(OpenError::NoWriteAheadLog)
    }
}

fn busy_timeout(timeouts: &Timeouts) -> String {
    format!("PRAGMA busy_timeout = {};", timeouts.lock.as_millis())
}

/// The time-out comes first: the statements after it may already meet a lock.
fn pragmas(role: Role, timeouts: &Timeouts) -> String {
    let query_only = match role {
        Role::Reader => "ON",
        Role::Writer => "OFF",
    };
    format!(
        "{} PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; \
         PRAGMA query_only = {query_only};",
        busy_timeout(timeouts)
    )
}

/// Begins a transaction that may write.
///
/// IMMEDIATE, because a transaction that begins by reading and then writes can fail at once with
/// "database is locked", whatever the time-out.
pub(crate) async fn begin(conn: &mut SqliteConnection) -> QueryResult<()> {
    conn.spawn_blocking(|conn| {
        diesel::connection::AnsiTransactionManager::begin_transaction_sql(conn, "BEGIN IMMEDIATE")
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn pragma(conn: &mut SqliteConnection, name: &str) -> String {
        #[derive(diesel::QueryableByName)]
        struct Value {
            #[diesel(sql_type = diesel::sql_types::Text)]
            value: String,
        }
        let sql = format!("SELECT CAST({name} AS TEXT) AS value FROM pragma_{name}");
        let sql = sql.replace("CAST(busy_timeout", "CAST(timeout");
        let value: Value = diesel_async::RunQueryDsl::get_result(diesel::sql_query(sql), conn)
            .await
            .unwrap();
        value.value
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn commits_are_durable_and_references_enforced() {
        let folder = tempfile::tempdir().unwrap();
        let location = SqliteLocation::new(&folder.path().join("x.db")).unwrap();
        let connector = SqliteConnector::new(location, Timeouts::default()).unwrap();
        use_write_ahead_log(&mut connector.create().unwrap()).unwrap();
        let connector = Arc::new(connector).watch().unwrap();
        for (role, query_only) in [(Role::Writer, "0"), (Role::Reader, "1")] {
            let mut conn = connector.connect(role).await.unwrap();
            // 2 is FULL: each commit is on the disk before it is confirmed.
            assert_eq!(pragma(&mut conn, "synchronous").await, "2");
            assert_eq!(pragma(&mut conn, "journal_mode").await, "wal");
            assert_eq!(pragma(&mut conn, "foreign_keys").await, "1");
            assert_eq!(pragma(&mut conn, "busy_timeout").await, "5000");
            assert_eq!(pragma(&mut conn, "query_only").await, query_only);
        }
    }
}
