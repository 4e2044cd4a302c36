//! What an operator can choose about the database.

mod postgres;

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

pub use postgres::{ChannelBinding, OptionError, PostgresOptions, SslMode};

/// Everything that [`DieselStore::connect`](crate::DieselStore::connect) needs to know.
#[derive(Clone, Debug)]
pub struct Options {
    /// Which database.
    pub backend: Backend,
    /// Bring the schema up to date first? Otherwise an older schema is an error.
    pub migrate: bool,
    /// How many connections.
    pub pool: PoolOptions,
    /// How long anything may take.
    pub timeouts: Timeouts,
}

impl Options {
    /// The defaults for a database: migrations are run.
    pub fn new(backend: Backend) -> Self {
        Self {
            backend,
            migrate: true,
            pool: PoolOptions::default(),
            timeouts: Timeouts::default(),
        }
    }
}

/// A database.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "a process has one")]
pub enum Backend {
    /// A file, for one process.
    Sqlite {
        /// The file. It is created when missing. `:memory:` is refused.
        path: PathBuf,
    },
    /// A server, for any number of processes.
    Postgres(PostgresOptions),
}

impl fmt::Display for Backend {
    /// For people: which database, and where. Says nothing that could be a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite { path } => {
                let absolute = std::path::absolute(path);
                let path = absolute.as_ref().unwrap_or(path);
                write!(f, "the SQLite database {}", path.display())
            }
            Self::Postgres(options) => options.fmt(f),
        }
    }
}

impl Backend {
    /// Reads `sqlite:path`, `sqlite:///absolute/path`, or a `postgres://` URL
    /// ([`PostgresOptions::from_url`]).
    ///
    /// # Errors
    /// [`OptionError`] for any other text.
    pub fn from_url(url: &str) -> Result<Self, OptionError> {
        if let Some(path) = url.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            return Ok(Self::Sqlite { path: path.into() });
        }
        PostgresOptions::from_url(url).map(Self::Postgres)
    }
}

/// How many connections are open at most; at least one of each kind. They are opened when needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolOptions {
    /// Connections that only read. Default: 4.
    pub readers: u32,
    /// Connections that write, on PostgreSQL. SQLite always has one. Default: 8.
    pub writers: u32,
}

impl Default for PoolOptions {
    fn default() -> Self {
        Self {
            readers: 4,
            writers: 8,
        }
    }
}

/// How long anything may take before it fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// Waiting for a free connection, including opening one. Default: 5 s.
    pub acquire: Duration,
    /// Opening a connection to PostgreSQL. Default: 5 s.
    pub connect: Duration,
    /// One statement on PostgreSQL. Default: 10 s.
    pub statement: Duration,
    /// Waiting for a lock that another transaction holds. Default: 5 s.
    pub lock: Duration,
    /// A transaction on PostgreSQL in which nothing happens. Default: 30 s.
    pub idle_in_transaction: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            acquire: Duration::from_secs(5),
            connect: Duration::from_secs(5),
            statement: Duration::from_secs(10),
            lock: Duration::from_secs(5),
            idle_in_transaction: Duration::from_secs(30),
        }
    }
}
