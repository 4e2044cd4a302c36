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

use self::args::{ARGS, LABELS, TEXTS};
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
        "For opening a connection, for each host.",
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

/// Reads where the database is and how to use it. Settings of PostgreSQL that are not written come from
/// the environment variables of libpq. `None` only after a reported mistake.
pub(super) fn read(
    root: &Section<'_>,
    own: &Section<'_>,
    environment: &[(String, String)],
) -> Option<Options> {
    let section = root.section("database");
    let args = section.section("args");
    let url = own.text("database");
    let pool = own.section("database_pool");
    let name = section.choice("name");
    let is_postgres = match &url {
        Some(url) => !url.starts_with("sqlite:"),
        None => name.as_deref() == Some("psycopg2"),
    };
    let defaults = if is_postgres {
        from_environment(root, environment)
    } else {
        PostgresOptions::default()
    };
    let password = own.secret("database_password");
    let backend = match url {
        Some(url) => {
            // Replaced, so only its types are checked: a file with a password need not be there.
            read_names(&args);
            read_args(&args, None);
            own.accept("database", parse_url(&url, password, defaults))
        }
        None => read_section(root, &section, &args, name.as_deref(), defaults),
    };
    let backend = backend.map(|backend| match backend {
        Backend::Postgres(postgres) => {
            let connect_timeout = postgres.connect_timeout;
            let connect_timeout = connect_timeout.filter(|_| !pool.is_given("connect_timeout"));
            warn_of_stricter_tls(root, &postgres);
            Backend::Postgres(PostgresOptions {
                connect_timeout,
                ..postgres
            })
        }
        sqlite @ Backend::Sqlite { .. } => sqlite,
    });
    let (connections, timeouts) = (read_pool(&pool, &args), read_timeouts(&pool));
    Some(Options {
        pool: connections,
        timeouts,
        ..Options::new(backend?)
    })
}

/// What the environment variables of libpq say.
fn from_environment(root: &Section<'_>, environment: &[(String, String)]) -> PostgresOptions {
    let mut options = PostgresOptions::default();
    for (variable, name) in PostgresOptions::ENVIRONMENT {
        let Some((_, value)) = environment.iter().find(|(it, _)| it == variable) else {
            continue;
        };
        if let Err(error) = options.set(name, value) {
            let message = format!("environment variable {variable}: {error}");
            root.wrong_value("database", message);
        }
    }
    options
}

/// Where libpq would be content with less.
fn warn_of_stricter_tls(root: &Section<'_>, postgres: &PostgresOptions) {
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
    root.warning("database", message);
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
fn read_section(
    root: &Section<'_>,
    section: &Section<'_>,
    args: &Section<'_>,
    name: Option<&str>,
    mut postgres: PostgresOptions,
) -> Option<Backend> {
    let (database, dbname) = read_names(args);
    let password = args.secret("password");
    read_args(args, (name == Some("psycopg2")).then_some(&mut postgres));
    match name {
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
            postgres.dbname = dbname.or(database).or(postgres.dbname);
            postgres.password = password.or(postgres.password);
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

/// `database` and `dbname`.
fn read_names(args: &Section<'_>) -> (Option<String>, Option<String>) {
    (args.text("database"), args.text("dbname"))
}

/// Reads the settings of PostgreSQL; without options to set, only their types are checked.
fn read_args(args: &Section<'_>, mut postgres: Option<&mut PostgresOptions>) {
    let written = TEXTS.iter().map(|name| (name, args.text(name)));
    let labels = LABELS.iter().map(|name| (name, args.label(name)));
    for (name, value) in written.chain(labels) {
        if let (Some(value), Some(postgres)) = (value, postgres.as_deref_mut()) {
            args.accept(name, postgres.set(name, &value));
        }
    }
    if let (Some(mode), Some(postgres)) = (args.choice("sslmode"), postgres) {
        args.accept("sslmode", postgres.set("sslmode", &mode));
    }
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
