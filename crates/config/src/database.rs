//! Which database holds the accounts.
//!
//! Two ways to say it: a homeserver's `database` section, and `registrar.database` as a URL. The
//! URL wins, so that an existing file can stay as it is while this server keeps its own database.

mod args;

use std::path::Path;

use registrar_domain::model::secret::Secret;
use registrar_storage_diesel::{
    Backend, OptionError, Options, PoolOptions, PostgresOptions, SslMode, Timeouts,
};

use self::args::Args;
use super::keys::{Keys as _, keys};
use super::own::OwnKeys;
use super::section::{Entry, Section};
use super::tree::Mapping;
use super::types::{Choice, Inert, Int, OneOf, Positive};

keys! {
    pub(crate) struct DatabaseKeys {
        /// The database, as a homeserver configures it. Never the database of a homeserver: this server
        /// needs its own, here or as `registrar.database`. Default: the SQLite file `registrar.db`.
        database: DatabaseSection,
        /// Several databases of a homeserver.
        databases: Inert<Mapping>,
    }
}

keys! {
    pub(crate) struct DatabaseSection {
        /// SQLite or PostgreSQL.
        name: Option<OneOf<Engine>>,
        /// How to connect.
        args: Args,
    }
    unused {
        /// For a homeserver.
        txn_limit: Inert<Int<i64, 0, { i64::MAX }>>,
        /// For a homeserver.
        allow_unsafe_locale: Inert<bool>,
    }
}

/// The drivers by which a homeserver calls its databases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    Sqlite,
    Postgres,
}

impl Choice for Engine {
    const WORDS: &'static [&'static str] = &["sqlite3", "psycopg2"];
    const VALUES: &'static [Self] = &[Self::Sqlite, Self::Postgres];
}

keys! {
    /// `registrar.database_pool`.
    pub(crate) struct PoolKeys {
        /// Connections that only read, at most.
        readers: Int<u32, 1, 10_000> = "4",
        /// Connections that write, at most. SQLite always has one.
        writers: Int<u32, 1, 10_000> = "8",
        /// For waiting for a free connection.
        wait_timeout: Positive = "5s",
        /// For opening a connection, for each host.
        connect_timeout: Positive = "5s",
        /// For one statement on PostgreSQL.
        statement_timeout: Positive = "10s",
        /// For waiting for another transaction.
        lock_timeout: Positive = "5s",
        /// For a transaction on PostgreSQL in which nothing happens.
        idle_in_transaction_timeout: Positive = "30s",
    }
}

const DEFAULT_SQLITE_FILE: &str = "registrar.db";

/// Reads where the database is and how to use it. Settings of PostgreSQL that are not written come from
/// the environment variables of libpq. `None` only after a reported mistake.
pub(crate) fn read(
    root: &Section<'_>,
    own: &OwnKeys,
    environment: &[(String, String)],
) -> Option<Options> {
    let keys = DatabaseKeys::read(root);
    let section = &keys.database;
    let (url, pool) = (&own.database, &own.database_pool);
    let is_postgres = match &**url {
        Some(url) => !url.starts_with("sqlite:"),
        None => *section.name == Some(Engine::Postgres),
    };
    let mut defaults = PostgresOptions::default();
    if is_postgres {
        read_environment(section, environment, &mut defaults);
    }
    let backend = match &**url {
        Some(text) => {
            let password = own.database_password.clone();
            url.at.accept(parse_url(text, password, defaults))
        }
        None => read_section(&keys, defaults),
    };
    let backend = match backend {
        Some(Backend::Postgres(mut postgres)) => {
            if pool.connect_timeout.is_given() {
                postgres.connect_timeout = None;
            }
            warn_of_stricter_tls(section, &postgres);
            Some(Backend::Postgres(postgres))
        }
        backend => backend,
    };
    Some(Options {
        pool: read_pool(pool, &section.args),
        timeouts: Timeouts {
            acquire: *pool.wait_timeout,
            connect: *pool.connect_timeout,
            statement: *pool.statement_timeout,
            lock: *pool.lock_timeout,
            idle_in_transaction: *pool.idle_in_transaction_timeout,
        },
        ..Options::new(backend?)
    })
}

/// What the environment variables of libpq say.
fn read_environment(
    section: &Entry<DatabaseSection>,
    environment: &[(String, String)],
    options: &mut PostgresOptions,
) {
    for (variable, name) in PostgresOptions::ENVIRONMENT {
        let Some((_, value)) = environment.iter().find(|(it, _)| it == variable) else {
            continue;
        };
        if let Err(error) = options.set(name, value) {
            let message = format!("environment variable {variable}: {error}");
            section.at.refuse(message);
        }
    }
}

/// Where libpq would be content with less.
fn warn_of_stricter_tls(section: &Entry<DatabaseSection>, postgres: &PostgresOptions) {
    let is_local = postgres.hosts.iter().all(|host| host.starts_with('/'));
    if is_local && postgres.hostaddrs.is_empty() {
        return;
    }
    let lacks_root = postgres.sslrootcert.is_none();
    let message = match postgres.sslmode {
        SslMode::Require if lacks_root => {
            "`sslmode: require` demands a certificate here that is valid for the host and issued by an \
             authority that the system trusts, while libpq accepts any: if the server's certificate is \
             self-signed, name its file as `sslrootcert`"
        }
        SslMode::Require | SslMode::VerifyCa => {
            "`sslmode: require` and `verify-ca` check the host name here as `verify-full` does: the \
             certificate must be valid for the name under `host`"
        }
        SslMode::Disable | SslMode::Allow | SslMode::Prefer | SslMode::VerifyFull => return,
    };
    section.at.warn(message);
}

/// Why a database URL is refused. Never repeats the URL, which may contain a password.
#[derive(Debug, thiserror::Error)]
enum UrlError {
    #[error(transparent)]
    Option(#[from] OptionError),
    #[error("{0}")]
    Sqlite(&'static str),
    #[error("the password is given twice: in the URL and as `registrar.database_password`")]
    TwoPasswords,
}

fn parse_url(
    url: &str,
    password: Option<Secret<String>>,
    defaults: PostgresOptions,
) -> Result<Backend, UrlError> {
    match Backend::from_url(url)? {
        Backend::Sqlite { path } => sqlite(&path).map_err(UrlError::Sqlite),
        Backend::Postgres(written) if written.password.is_some() && password.is_some() => {
            Err(UrlError::TwoPasswords)
        }
        Backend::Postgres(written) => {
            let mut options = defaults.with_url(url)?;
            options.password = written.password.or(password).or(options.password);
            Ok(Backend::Postgres(options))
        }
    }
}

/// A SQLite file that is really one.
fn sqlite(path: &Path) -> Result<Backend, &'static str> {
    let text = path.to_string_lossy();
    if text.is_empty() {
        return Err("the path of the SQLite file is missing");
    }
    if text.starts_with(":memory:") {
        return Err("a database in memory would forget its accounts: give the path of a file");
    }
    if text.contains('?') {
        return Err("a SQLite file has no parameters (`?…`)");
    }
    Ok(Backend::Sqlite {
        path: path.to_owned(),
    })
}

/// The homeserver's section.
fn read_section(keys: &DatabaseKeys, mut postgres: PostgresOptions) -> Option<Backend> {
    let section = &keys.database;
    let args = &section.args;
    match *section.name {
        Some(Engine::Sqlite) => {
            let file = args.known.database.as_deref();
            let file = Path::new(file.unwrap_or(DEFAULT_SQLITE_FILE));
            args.known.database.at.accept(sqlite(file))
        }
        Some(Engine::Postgres) => {
            args.apply(&mut postgres);
            Some(Backend::Postgres(postgres))
        }
        None if section.is_given() => {
            let name = &section.name;
            name.require("is required: `sqlite3` or `psycopg2`");
            None
        }
        None => {
            if keys.databases.is_given() {
                keys.databases.at.mistake(
                    "several databases are a homeserver's way; say which one this server uses as \
                     `registrar.database`",
                );
            }
            Some(Backend::Sqlite {
                path: DEFAULT_SQLITE_FILE.into(),
            })
        }
    }
}

fn read_pool(pool: &Entry<PoolKeys>, args: &Args) -> PoolOptions {
    match args.known.cp_max.filter(|_| !pool.is_given()) {
        Some(total) => {
            let readers = (total / 3).max(1);
            PoolOptions {
                readers,
                writers: total - readers,
            }
        }
        None => PoolOptions {
            readers: *pool.readers,
            writers: *pool.writers,
        },
    }
}
