use std::path::{Path, PathBuf};
use std::time::Duration;

use registrar_storage_diesel::{Backend, PostgresOptions, SslMode};

use super::{config, expect_mistake, mistakes};

fn sqlite(yaml: &str) -> PathBuf {
    match config(yaml).database.backend {
        Backend::Sqlite { path } => path,
        Backend::Postgres(_) => panic!("{yaml}"),
    }
}

fn postgres(yaml: &str) -> PostgresOptions {
    match config(yaml).database.backend {
        Backend::Postgres(options) => options,
        Backend::Sqlite { path } => panic!("{yaml}: {}", path.display()),
    }
}

#[test]
fn sqlite_files() {
    for (yaml, path) in [
        ("", "registrar.db"),
        (
            "database: {name: sqlite3, args: {database: /data/homeserver.db}}",
            "/data/homeserver.db",
        ),
        ("database: {name: sqlite3}", "registrar.db"),
        ("registrar: {database: 'sqlite:a.db'}", "a.db"),
        ("registrar: {database: 'sqlite://a.db'}", "a.db"),
        ("registrar: {database: 'sqlite:///data/a.db'}", "/data/a.db"),
        ("registrar: {database: 'sqlite:/data/a.db'}", "/data/a.db"),
    ] {
        assert_eq!(sqlite(yaml), Path::new(path), "{yaml}");
    }
}

#[test]
fn the_url_wins_over_the_section() {
    let yaml = "database: {name: psycopg2, args: {user: u, password_path: /nonexistent}}\n\
                registrar: {database: 'sqlite:a.db'}";
    assert_eq!(sqlite(yaml), Path::new("a.db"));
}

#[test]
fn postgres_in_a_homeservers_words() {
    let found = postgres(
        "database: {name: psycopg2, txn_limit: 10000, args: {user: synapse, dbname: matrix, \
         password: secretpassword, host: 'db1,db2', port: 6432, sslmode: verify-full, \
         sslrootcert: /ca.pem, sslcert: /c.pem, sslkey: /k.pem}}",
    );
    assert_eq!(found.hosts, ["db1", "db2"]);
    assert_eq!(found.ports, [6432]);
    assert_eq!(
        (found.user.as_deref(), found.dbname.as_deref()),
        (Some("synapse"), Some("matrix"))
    );
    assert_eq!(found.password.unwrap().expose(), "secretpassword");
    assert_eq!(found.sslmode, SslMode::VerifyFull);
    assert_eq!(found.sslrootcert.unwrap(), Path::new("/ca.pem"));
    assert_eq!(found.sslcert.unwrap(), Path::new("/c.pem"));

    let least = postgres("database: {name: psycopg2, args: {database: d}}");
    assert_eq!(least.dbname.as_deref(), Some("d"));
    assert!(least.user.is_none() && least.hosts.is_empty() && least.ports.is_empty());
}

#[test]
fn postgres_as_url() {
    let found =
        postgres("registrar: {database: 'postgres://u%40x:p%3Aw@db1:6432/d?sslmode=require'}");
    assert_eq!(
        (found.user.as_deref(), found.dbname.as_deref()),
        (Some("u@x"), Some("d"))
    );
    assert_eq!(found.password.unwrap().expose(), "p:w");
    assert_eq!(found.sslmode, SslMode::Require);

    let apart = postgres("registrar: {database: 'postgres://u@h/d', database_password: x}");
    assert_eq!(apart.password.unwrap().expose(), "x");
}

#[test]
fn pool_sizes_come_from_either_place() {
    let sizes = |yaml: &str| {
        let pool = config(yaml).database.pool;
        (pool.readers, pool.writers)
    };
    let section = "database: {name: psycopg2, args: {user: u, cp_min: 5, cp_max: 20}}\n";
    assert_eq!(sizes(""), (4, 8));
    assert_eq!(sizes(section), (6, 14));
    let both = format!("{section}registrar: {{database_pool: {{writers: 3}}}}");
    assert_eq!(sizes(&both), (4, 3));
    let timeouts = config("registrar: {database_pool: {lock_timeout: 7s}}")
        .database
        .timeouts;
    assert_eq!(
        (timeouts.lock, timeouts.acquire),
        (Duration::from_secs(7), Duration::from_secs(5))
    );
}

#[test]
fn mistakes_about_databases() {
    for (yaml, key, words) in [
        ("database: {name: mysql}", "database.name", "`sqlite3`"),
        (
            "database: {args: {database: x}}",
            "database.name",
            "required",
        ),
        (
            "database: {name: psycopg2, args: {port: '1,x'}}",
            "database.args.port",
            "port",
        ),
        (
            "database: {name: psycopg2, args: {user: u, database: x, dbname: x}}",
            "database.args.dbname",
            "only one",
        ),
        (
            "database: {name: psycopg2, args: {user: u, sslmode: maybe}}",
            "database.args.sslmode",
            "`verify-full`",
        ),
        (
            "database: {name: sqlite3, args: {database: ':memory:'}}",
            "database.args.database",
            "forget",
        ),
        (
            "databases: {main: {name: sqlite3}}",
            "databases",
            "registrar.database",
        ),
    ] {
        expect_mistake(yaml, key, words);
    }
    for (url, words) in [
        ("registrar.db", "postgres://"),
        ("mysql://u@h/d", "postgres://"),
        ("sqlite:", "missing"),
        ("sqlite:a.db?mode=ro", "no parameters"),
        ("sqlite::memory:", "forget"),
        ("postgres://u@h:x/d", "port"),
        ("postgres://u@h/d?sslmode=x", "sslmode"),
        ("postgres://u@h/d?gssencmode=x", "gssencmode"),
    ] {
        expect_mistake(
            &format!("registrar: {{database: '{url}'}}"),
            "registrar.database",
            words,
        );
    }
    let twice = "registrar: {database: 'postgres://u:p@h/d', database_password: p}";
    assert_eq!(mistakes(twice).len(), 1);
}
