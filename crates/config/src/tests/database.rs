use std::path::{Path, PathBuf};
use std::time::Duration;

use registrar_storage_diesel::{Backend, PostgresOptions, SslMode};

use super::{config, expect_mistake, mistakes, read};

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
            "database: {name: psycopg2, args: {user: u, passfile: /x}}",
            "database.args.passfile",
            "password_path",
        ),
        (
            "database: {name: psycopg2, args: {user: u, gssencmode: require}}",
            "database.args.gssencmode",
            "TLS",
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
        ("postgres://u@h/d?sslpassword=x", "openssl pkey"),
        (
            "postgres://u@h/d?target_session_attrs=standby",
            "accepts writes",
        ),
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

#[test]
fn settings_of_libpq_work_in_the_section() {
    let found = postgres(
        "database: {name: psycopg2, args: {user: u, host: 'a,b', hostaddr: '10.0.0.1,10.0.0.2', \
         connect_timeout: 7, keepalives: 1, keepalives_idle: 9, tcp_user_timeout: '800', \
         sslrootcert: system, sslcrl: /crl.pem, channel_binding: require, gssencmode: disable, \
         target_session_attrs: read-write, load_balance_hosts: random, client_encoding: utf8}}",
    );
    assert_eq!(found.hostaddrs.len(), 2);
    assert_eq!(found.connect_timeout, Some(Duration::from_secs(7)));
    assert_eq!(found.keepalives_idle, Some(Duration::from_secs(9)));
    assert_eq!(found.tcp_user_timeout, Some(Duration::from_millis(800)));
    assert_eq!(found.sslrootcert.as_deref(), Some(Path::new("system")));
    assert_eq!(found.sslcrl.as_deref(), Some(Path::new("/crl.pem")));
    assert!(found.random_order && !found.no_keepalives);
    let own = postgres(
        "database: {name: psycopg2, args: {user: u, connect_timeout: 7}}\n\
         registrar: {database_pool: {connect_timeout: 2s}}",
    );
    assert_eq!(own.connect_timeout, None, "this server's own option wins");
}

#[test]
fn the_environment_of_libpq_fills_what_the_file_leaves_open() {
    let environment = [
        ("PGHOST", "env-host"),
        ("PGPORT", "7777"),
        ("PGUSER", "env-user"),
        ("PGPASSWORD", "env-password"),
        ("PGSSLMODE", "verify-full"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()));
    for yaml in [
        "database: {name: psycopg2, args: {database: d, user: file}}",
        "registrar: {database: 'postgres://file@/d'}",
    ] {
        let yaml = format!("server_name: example.org\n{yaml}\n");
        let reading = super::super::load_text(&yaml, "test.yaml", environment.clone());
        let Backend::Postgres(found) = reading.into_config().unwrap().database.backend else {
            panic!("{yaml}")
        };
        assert_eq!(
            (found.hosts, found.ports),
            (vec!["env-host".to_owned()], vec![7777])
        );
        assert_eq!(found.user.as_deref(), Some("file"), "{yaml}");
        assert_eq!(found.dbname.as_deref(), Some("d"), "{yaml}");
        assert_eq!(found.password.unwrap().expose(), "env-password");
        assert_eq!(found.sslmode, SslMode::VerifyFull);
    }
    let unusable = [("PGSERVICE".to_owned(), "x".to_owned())];
    let yaml = "server_name: example.org\nregistrar: {database: 'postgres://u@h/d'}\n";
    let refused = super::super::load_text(yaml, "test.yaml", unusable.clone());
    let error = refused.into_config().unwrap_err().to_string();
    assert!(
        error.contains("PGSERVICE") && error.contains("write the settings"),
        "{error}"
    );
    let sqlite = "server_name: example.org\nregistrar: {database: 'sqlite:a.db'}\n";
    super::super::load_text(sqlite, "test.yaml", unusable)
        .into_config()
        .unwrap();
}

#[test]
fn stricter_tls_than_libpqs_is_named() {
    let warnings = |yaml: &str| {
        let warnings = read(yaml).findings.warnings;
        warnings.iter().map(ToString::to_string).collect::<String>()
    };
    let with = |url: &str| warnings(&format!("registrar: {{database: '{url}'}}"));
    assert!(with("postgres://u@h/d?sslmode=require").contains("sslrootcert"));
    assert!(with("postgres://u@h/d?sslmode=verify-ca&sslrootcert=/ca.pem").contains("host name"));
    for quiet in [
        "postgres://u@h/d?sslmode=verify-full",
        "postgres://u@h/d?sslmode=prefer",
        "postgres:///d?host=/run/pg&sslmode=require",
    ] {
        assert_eq!(with(quiet), "", "{quiet}");
    }
}

#[test]
fn the_report_gives_sqlite_one_connection_to_write() {
    let report = |yaml: &str| read(yaml).report();
    let sqlite = report("registrar: {database: 'sqlite:/tmp/x.db', database_pool: {readers: 3}}");
    assert!(sqlite.contains("3 to read, 1 to write"), "{sqlite}");
    let postgres = report("registrar: {database: 'postgres://u@h/d'}");
    assert!(postgres.contains("4 to read, 8 to write"), "{postgres}");
}
