//! [`DatabaseFiles`]: are the files at their paths still those that are open?
//!
//! SQLite does not look: after a file was deleted or replaced, it goes on in the file without a name,
//! whose content ends with the process. A commit is therefore confirmed only after a look at the
//! database, its write-ahead log and the log's index: three calls of `stat`, about 3 µs.

use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use diesel::connection::SimpleConnection as _;
use registrar_domain::ports::store::{StoreError, StoreErrorKind};

use crate::OpenError;

/// The three files of an open database. A loss is final: what was written in the meantime is not in a
/// file that comes back, so only a restart, which reads the file, ends it.
pub(crate) struct DatabaseFiles {
    database: Watched,
    /// The log and its index.
    beside: [Watched; 2],
    is_lost: AtomicBool,
    /// SQLite removes the log when the last connection closes, and the next one makes another. While
    /// this one is open, the log that was found at first stays. `None` once the log was saved.
    keeper: Mutex<Option<diesel::SqliteConnection>>,
}

impl DatabaseFiles {
    /// Notes which files `keeper`, a connection to `path` in WAL mode, has open.
    pub(super) fn watch(
        path: &Path,
        mut keeper: diesel::SqliteConnection,
    ) -> Result<Self, OpenError> {
        // The log is there once somebody has read.
        keeper.batch_execute("SELECT count(*) FROM sqlite_schema")?;
        let watched = |suffix: &str| {
            let mut path = path.as_os_str().to_owned();
            path.push(suffix);
            let path = PathBuf::from(path);
            match std::fs::metadata(&path) {
                Ok(found) => Ok(Watched {
                    identity: Identity::of(&found),
                    path,
                }),
                Err(error) => Err(super::at(&path, &error)),
            }
        };
        Ok(Self {
            database: watched("")?,
            beside: [watched("-wal")?, watched("-shm")?],
            is_lost: AtomicBool::new(false),
            keeper: Mutex::new(Some(keeper)),
        })
    }

    /// Fails once [`Self::check`] has found a loss; does not look for one.
    pub(crate) fn known(&self) -> Result<(), StoreError> {
        if self.is_lost.load(Ordering::Acquire) {
            return Err(StoreErrorKind::Lost.into());
        }
        Ok(())
    }

    /// Looks at the files. A loss is logged once and stays.
    ///
    /// # Errors
    /// Of the kind `Lost`; of the kind `Unavailable`, for this time, when the files cannot be looked at.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        self.known()?;
        // A database is never empty: it holds its schema.
        self.examine(&self.database, |found| found.len() > 0)?;
        for file in &self.beside {
            self.examine(file, |_| true)?;
        }
        Ok(())
    }

    fn examine(
        &self,
        file: &Watched,
        is_whole: impl Fn(&Metadata) -> bool,
    ) -> Result<(), StoreError> {
        let loss = match std::fs::metadata(&file.path) {
            Ok(found) if Identity::of(&found) != file.identity => "replaced by another file",
            Ok(found) if !is_whole(&found) => "emptied",
            Ok(_) => return Ok(()),
            Err(error) if is_absence(&error) => "deleted, renamed or unmounted",
            Err(error) => return Err(StoreError::new(StoreErrorKind::Unavailable, error)),
        };
        if !self.is_lost.swap(true, Ordering::AcqRel) {
            tracing::error!(
                file = %file.path.display(),
                loss,
                "database file lost while the server was running: all requests are refused \
                 until the server is restarted on a complete database"
            );
        }
        Err(StoreErrorKind::Lost.into())
    }

    /// After a loss: moves what was confirmed, and is only in the log, into the database itself. That
    /// helps if the log alone was deleted, or if the database was renamed. Blocks; does its work once.
    pub(crate) fn save_log(&self) {
        if !self.is_lost.load(Ordering::Acquire) {
            return;
        }
        let keeper = self
            .keeper
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let Some(mut keeper) = keeper else {
            return;
        };
        match keeper.batch_execute("PRAGMA wal_checkpoint(FULL)") {
            Ok(()) => tracing::warn!("write-ahead log moved into the open database file"),
            Err(error) => {
                let error: &dyn std::error::Error = &error;
                tracing::error!(
                    error,
                    "write-ahead log could not be moved into the open database file"
                );
            }
        }
        // The last connection to close would remove the log by its name; but at that name there may be
        // the log of a database that the operator has put there. So this one stays until the end.
        Box::leak(Box::new(keeper));
    }
}

impl Drop for DatabaseFiles {
    fn drop(&mut self) {
        self.save_log();
    }
}

struct Watched {
    path: PathBuf,
    identity: Identity,
}

/// What tells a file from another one at the same path: device and inode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Identity(u64, u64);

impl Identity {
    #[cfg(unix)]
    fn of(found: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt as _;
        Self(found.dev(), found.ino())
    }

    /// Elsewhere an open file can be neither deleted nor replaced.
    #[cfg(not(unix))]
    fn of(_found: &Metadata) -> Self {
        Self(0, 0)
    }
}

fn is_absence(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}
