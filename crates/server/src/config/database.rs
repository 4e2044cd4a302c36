//! Which database holds the accounts.
//!
//! Two ways to say it: a homeserver's `database` section, and `registrar.database` as a URL. The
//! URL wins, so that an existing file can stay as it is while this server keeps its own database.

use std::path::Path;

use registrar_domain::secret::Secret;
use registrar_storage_diesel::{
    Backend, OptionError, Options, PoolOptions, PostgresOptions, Timeouts,
};

use super::key::{Key, Kind};
use super::section::Section;

pub(super) const KEYS: &[Key] = &[
    Key::new(
        "database",
        Kind::Section(DATABASE),
        "The database, in a homeserver's words. Never one that a homeserver uses: give this \
         server its own, here or as `registrar.database`. Default: the SQLite file \
         `registrar.db`.",
    ),
    Key::new(
        "databases",
        Kind::Mapping,
        "Several databases of a homeserver.",
    )
    .inert(),
];

const DATABASE: &[Key] = &[
    Key::new(
        "name",
        Kind::Choice(&["sqlite3", "psycopg2"]),
        "SQLite or PostgreSQL.",
    ),
    Key::new("args", Kind::Section(ARGS), "How to connect."),
    Key::new("txn_limit", Kind::Integer(0, i64::MAX), "For a homeserver.").inert(),
    Key::new("allow_unsafe_locale", Kind::Flag, "For a homeserver.").inert(),
];

const SSL_MODES: &[&str] = &[
    "disable",
    "allow",
    "prefer",
    "require",
    "verify-ca",
    "verify-full",
];

const ARGS: &[Key] = &[
    Key::new(
        "database",
        Kind::Text,
        "SQLite: the file. PostgreSQL: the name of the database.",
    ),
    Key::new(
        "dbname",
        Kind::Text,
        "PostgreSQL: another word for `database`.",
    ),
    Key::new(
        "user",
        Kind::Text,
        "Who connects. Default: the user who runs this server.",
    ),
    Key::new("password", Kind::Secret, "The password."),
    Key::new(
        "host",
        Kind::Text,
        "The host, several with commas between them, or the folder of the Unix socket. Default: \
         `/var/run/postgresql`.",
    ),
    Key::new(
        "port",
        Kind::Label,
        "The port, or one for each host. Default: 5432.",
    ),
    Key::new(
        "sslmode",
        Kind::Choice(SSL_MODES),
        "How much TLS. `require` and more demand a valid certificate for the host. Default: \
         `prefer`.",
    ),
    Key::new(
        "sslrootcert",
        Kind::Text,
        "File of the certificate authorities to trust.",
    ),
    Key::new(
        "sslcert",
        Kind::Text,
        "File of a certificate to show to PostgreSQL.",
    ),
    Key::new("sslkey", Kind::Text, "File of its private key."),
    Key::new(
        "options",
        Kind::Text,
        "Options of the session, such as `-c search_path=registrar`.",
    ),
    Key::new(
        "application_name",
        Kind::Text,
        "Name in PostgreSQL's list of connections.",
    ),
    Key::new(
        "cp_max",
        Kind::Integer(2, 10_000),
        "Connections at most: a third only reads. `registrar.database_pool` wins.",
    ),
    Key::new(
        "cp_min",
        Kind::Integer(0, 10_000),
        "Connections are opened when needed.",
    )
    .inert(),
    Key::new("cp_reconnect", Kind::Flag, "For a homeserver.").inert(),
    Key::new(
        "connect_timeout",
        Kind::Integer(0, i64::MAX),
        "See `registrar.database_pool.connect_timeout`.",
    )
    .inert(),
    Key::new(
        "keepalives_idle",
        Kind::Integer(0, i64::MAX),
        "For a homeserver.",
    )
    .inert(),
    Key::new(
        "keepalives_interval",
        Kind::Integer(0, i64::MAX),
        "For a homeserver.",
    )
    .inert(),
    Key::new(
        "keepalives_count",
        Kind::Integer(0, i64::MAX),
        "For a homeserver.",
    )
    .inert(),
];

/// Options of PostgreSQL that are handed on under their own names, if written.
const HANDED_ON: &[&str] = &[
    "user",
    "host",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "options",
    "application_name",
];

/// `registrar.database_pool`.
pub(super) const POOL: &[Key] = &[
    Key::new(
        "readers",
        Kind::Integer(1, 10_000),
        "Connections that only read, at most.",
    )
    .or("4"),
    Key::new(
        "writers",
        Kind::Integer(1, 10_000),
        "Connections that write, at most. SQLite always has one.",
    )
    .or("8"),
    Key::new(
        "wait_timeout",
        Kind::Duration,
        "For waiting for a free connection.",
    )
    .or("5s"),
    Key::new(
        "connect_timeout",
        Kind::Duration,
        "For opening a connection.",
    )
    .or("5s"),
    Key::new(
        "statement_timeout",
        Kind::Duration,
        "For one statement on PostgreSQL.",
    )
    .or("10s"),
    Key::new(
        "lock_timeout",
        Kind::Duration,
        "For waiting for another transaction.",
    )
    .or("5s"),
    Key::new(
        "idle_in_transaction_timeout",
        Kind::Duration,
        "For a transaction on PostgreSQL in which nothing happens.",
    )
    .or("30s"),
];

const DEFAULT_SQLITE_FILE: &str = "registrar.db";

/// Reads where the database is and how to use it. `None` only after a reported mistake.
pub(super) fn read(root: &Section<'_>, own: &Section<'_>) -> Option<Options> {
    let section = root.section("database");
    let args = section.section("args");
    let url = own.text("database");
    let from_section = read_section(root, &section, &args, url.is_some());
    let password = own.secret("database_password");
    let backend = match url {
        Some(url) => own.accept("database", parse_url(&url, password)),
        None => from_section,
    };
    let pool = own.section("database_pool");
    let (connections, timeouts) = (read_pool(&pool, &args), read_timeouts(&pool));
    Some(Options {
        pool: connections,
        timeouts,
        ..Options::new(backend?)
    })
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

fn parse_url(url: &str, password: Option<Secret<String>>) -> Result<Backend, UrlError> {
    match Backend::from_url(url)? {
        Backend::Sqlite { path } => sqlite(&path).map_err(UrlError::Sqlite),
        Backend::Postgres(options) if options.password.is_some() && password.is_some() => {
            Err(UrlError::TwoPasswords)
        }
        Backend::Postgres(mut options) => {
            options.password = options.password.or(password);
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

/// The homeserver's section. When a URL replaces it, only its types are checked.
fn read_section(
    root: &Section<'_>,
    section: &Section<'_>,
    args: &Section<'_>,
    replaced: bool,
) -> Option<Backend> {
    let name = section.choice("name");
    let (database, dbname) = (args.text("database"), args.text("dbname"));
    let mut postgres = read_postgres(args, replaced);
    if replaced {
        return None;
    }
    match name.as_deref() {
        Some("sqlite3") => {
            let file = database.unwrap_or_else(|| DEFAULT_SQLITE_FILE.to_owned());
            args.accept("database", sqlite(Path::new(&file)))
        }
        Some(_) => {
            if database.is_some() && dbname.is_some() {
                args.mistake(
                    "dbname",
                    "means the same as `database`: give only one of them",
                );
            }
            postgres.dbname = dbname.or(database);
            Some(Backend::Postgres(postgres))
        }
        None if section.is_filled() => {
            section.require("name", "is required: `sqlite3` or `psycopg2`");
            None
        }
        None => {
            if root.is_given("databases") {
                root.mistake(
                    "databases",
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

fn read_postgres(args: &Section<'_>, replaced: bool) -> PostgresOptions {
    let mut postgres = PostgresOptions::default();
    for name in HANDED_ON {
        if let Some(value) = args.text(name) {
            args.accept(name, postgres.set(name, &value));
        }
    }
    if let Some(port) = args.label("port") {
        args.accept("port", postgres.set("port", &port));
    }
    if let Some(mode) = args.choice("sslmode") {
        args.accept("sslmode", postgres.set("sslmode", &mode));
    }
    // A file with a password that is not needed need not be there.
    if !replaced {
        postgres.password = args.secret("password");
    }
    postgres
}

fn read_pool(section: &Section<'_>, args: &Section<'_>) -> PoolOptions {
    let written = PoolOptions {
        readers: section.integer("readers"),
        writers: section.integer("writers"),
    };
    let total = args.integer_if_given::<u32>("cp_max");
    match total.filter(|_| !section.is_filled()) {
        Some(total) => {
            let readers = (total / 3).max(1);
            PoolOptions {
                readers,
                writers: total - readers,
            }
        }
        None => written,
    }
}

fn read_timeouts(section: &Section<'_>) -> Timeouts {
    Timeouts {
        acquire: section.positive_duration("wait_timeout"),
        connect: section.positive_duration("connect_timeout"),
        statement: section.positive_duration("statement_timeout"),
        lock: section.positive_duration("lock_timeout"),
        idle_in_transaction: section.positive_duration("idle_in_transaction_timeout"),
    }
}
