use std::error::Error;
use std::path::PathBuf;

/// Why a database cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The server or the file cannot be reached.
    #[error("cannot connect to the database")]
    Connect(#[source] Box<dyn Error + Send + Sync>),
    /// The folder of the SQLite file is not there.
    #[error(
        "the folder {} does not exist: create it, writable for the user who runs this server",
        folder.display()
    )]
    NoFolder {
        /// The folder.
        folder: PathBuf,
    },
    /// A certificate or key cannot be used.
    #[error("cannot set up TLS to the database")]
    Tls(#[source] Box<dyn Error + Send + Sync>),
    /// Another process has the file open.
    #[error(
        "the SQLite database {} is in use by another process; several processes need PostgreSQL",
        path.display()
    )]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// No file is named.
    #[error("a SQLite database needs a file; one in memory would be lost at every restart")]
    InMemory,
    /// The file system cannot do what write-ahead logging needs, as some network file systems.
    #[error("the file system cannot hold a SQLite database with a write-ahead log")]
    NoWriteAheadLog,
    /// The database holds another program's tables. Nothing was changed.
    #[error(
        "the database belongs to another program: it holds the tables {}",
        some(tables)
    )]
    Foreign {
        /// What was found: tables, or migrations of another program.
        tables: Vec<String>,
    },
    /// A newer version of this program has changed the schema. Nothing was changed.
    #[error(
        "the database has the schema of a newer version of this program (migration {version}); \
         use that version"
    )]
    Newer {
        /// The newest migration in the database.
        version: String,
    },
    /// The schema is older than this program needs, and it was not to be changed.
    #[error("the database lacks the migrations {}", some(pending))]
    Pending {
        /// The missing migrations.
        pending: Vec<String>,
    },
    /// The database cannot hold every text.
    #[error("the database has the encoding {encoding}; it must be created with UTF8")]
    Encoding {
        /// The encoding it has.
        encoding: String,
    },
    /// A migration, or its lock, failed.
    #[error("cannot migrate the database")]
    Migration(#[source] Box<dyn Error + Send + Sync>),
    /// Looking at the database failed.
    #[error("cannot examine the database")]
    Query(#[from] diesel::result::Error),
}

impl From<diesel::ConnectionError> for OpenError {
    fn from(error: diesel::ConnectionError) -> Self {
        Self::Connect(error.into())
    }
}

/// Names the first few.
fn some(names: &[String]) -> String {
    const SHOWN: usize = 5;
    let mut text = names
        .iter()
        .take(SHOWN)
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(", ");
    if names.len() > SHOWN {
        text.push_str(&format!(" and {} more", names.len() - SHOWN));
    }
    text
}
