use std::time::Duration;

use registrar_domain::model::secret::Secret;

use super::*;

#[test]
fn a_full_url() {
    let url = "postgresql://al%40ice:p%3Aw@db.example:6543,[::1]:5432/reg%20istrar\
               ?sslmode=verify-full&sslrootcert=%2Fca.pem&options=-c%20search_path%3Dx";
    let options = PostgresOptions::from_url(url).unwrap();
    assert_eq!(options.user.as_deref(), Some("al@ice"));
    assert_eq!(options.password, Some(Secret::new("p:w".to_owned())));
    assert_eq!(options.hosts, ["db.example", "::1"]);
    assert_eq!(options.ports, [6543, 5432]);
    assert_eq!(options.dbname.as_deref(), Some("reg istrar"));
    assert_eq!(options.sslmode, SslMode::VerifyFull);
    assert_eq!(options.sslrootcert, Some("/ca.pem".into()));
    assert_eq!(options.options.as_deref(), Some("-c search_path=x"));
}

#[test]
fn sparse_urls() {
    let options = PostgresOptions::from_url("postgres:///registrar?host=/run/pg").unwrap();
    assert_eq!(options.hosts, ["/run/pg"]);
    assert_eq!(options.dbname.as_deref(), Some("registrar"));
    let options = PostgresOptions::from_url("postgres://").unwrap();
    assert!(options.hosts.is_empty() && options.user.is_none() && options.dbname.is_none());
    assert_eq!(options.sslmode, SslMode::Prefer);
    let options = PostgresOptions::from_url("postgres://%2Frun%2Fpg/x").unwrap();
    assert_eq!(options.hosts, ["/run/pg"]);
}

#[test]
fn a_database_is_named_with_its_place_and_without_its_password() {
    for (url, expected) in [
        (
            "postgres://u:geheim@db.example:6543/x",
            "the PostgreSQL database x at db.example:6543",
        ),
        (
            "postgres://u:geheim@a,[::1]/x",
            "the PostgreSQL database x at a:5432, [::1]:5432",
        ),
        ("postgres://a:1,b:2/", "the PostgreSQL database at a:1, b:2"),
        (
            "postgres://",
            "the PostgreSQL database at /var/run/postgresql/.s.PGSQL.5432",
        ),
    ] {
        let options = PostgresOptions::from_url(url).unwrap();
        assert_eq!(options.to_string(), expected);
    }
}

#[test]
fn errors_name_the_setting_and_keep_the_value_to_themselves() {
    let rows = [
        ("mysql://x", OptionError::Scheme),
        ("postgres://h:port/", OptionError::Value("port".to_owned())),
        (
            "postgres://a:1,b,c:3/",
            OptionError::Value("port".to_owned()),
        ),
        (
            "postgres://h/?sslmode=maybe",
            OptionError::Value("sslmode".to_owned()),
        ),
        (
            "postgres://h/?cp_min=5",
            OptionError::Unknown("cp_min".to_owned()),
        ),
        (
            "postgres://h/?keepalives_idle=1m",
            OptionError::Value("keepalives_idle".to_owned()),
        ),
        ("postgres://%FF@h/", OptionError::Encoding),
    ];
    for (url, expected) in rows {
        assert_eq!(
            PostgresOptions::from_url(url).unwrap_err(),
            expected,
            "{url}"
        );
    }
    let options = PostgresOptions::from_url("postgres://u:geheim@h/").unwrap();
    assert!(!format!("{options:?}").contains("geheim"));
}

#[test]
fn every_setting_of_libpq_is_understood_or_refused_with_advice() {
    // The names of PQconndefaults in PostgreSQL 18, and those that psycopg2 knows beside them.
    let names = "service user password passfile channel_binding connect_timeout dbname host hostaddr \
                 port client_encoding options application_name fallback_application_name keepalives \
                 keepalives_idle keepalives_interval keepalives_count tcp_user_timeout sslmode \
                 sslnegotiation sslcompression sslcert sslkey sslcertmode sslpassword sslrootcert sslcrl \
                 sslcrldir sslsni requirepeer require_auth min_protocol_version max_protocol_version \
                 ssl_min_protocol_version ssl_max_protocol_version gssencmode krbsrvname gsslib \
                 gssdelegation replication target_session_attrs load_balance_hosts scram_client_key \
                 scram_server_key oauth_issuer oauth_client_id oauth_client_secret oauth_scope \
                 sslkeylogfile servicefile database";
    for name in names.split_whitespace() {
        let set = PostgresOptions::default().set(name, "odd");
        assert!(
            !matches!(set, Err(OptionError::Unknown(_))),
            "{name}: {set:?}"
        );
    }
    for (_, name) in PostgresOptions::ENVIRONMENT {
        let set = PostgresOptions::default().set(name, "odd");
        assert!(!matches!(set, Err(OptionError::Unknown(_))), "{name}");
    }
}

#[test]
fn settings_that_are_not_available_come_with_advice() {
    for (name, value, advice) in [
        ("sslpassword", "x", "openssl pkey"),
        ("passfile", "/x", "password_path"),
        ("service", "x", "write the settings"),
        ("gssencmode", "require", "sslmode"),
        ("target_session_attrs", "read-only", "accepts writes"),
        ("target_session_attrs", "standby", "accepts writes"),
        ("client_encoding", "LATIN1", "UTF8"),
        ("ssl_min_protocol_version", "TLSv1.3", "at the server"),
        ("require_auth", "scram-sha-256", "pg_hba.conf"),
    ] {
        let error = PostgresOptions::default().set(name, value).unwrap_err();
        assert!(error.to_string().contains(advice), "{name}: {error}");
        assert!(error.to_string().contains(name), "{name}: {error}");
    }
    for (name, value) in [
        ("gssencmode", "disable"),
        ("gssencmode", "prefer"),
        ("target_session_attrs", "primary"),
        ("client_encoding", "utf8"),
        ("sslcompression", "0"),
        ("ssl_min_protocol_version", "TLSv1.2"),
        ("sslsni", "1"),
    ] {
        PostgresOptions::default().set(name, value).unwrap();
    }
}

#[test]
fn settings_of_libpq_have_their_meaning() {
    let url = "postgres://u@a,b/d?hostaddr=10.0.0.1,::1&channel_binding=require&sslcrl=/crl.pem\
               &sslnegotiation=direct&load_balance_hosts=random&connect_timeout=3&keepalives=0\
               &keepalives_count=4&tcp_user_timeout=1500&sslrootcert=system";
    let options = PostgresOptions::from_url(url).unwrap();
    assert_eq!(options.hostaddrs.len(), 2);
    assert_eq!(options.channel_binding, ChannelBinding::Require);
    assert_eq!(options.sslcrl, Some("/crl.pem".into()));
    assert_eq!(options.connect_timeout, Some(Duration::from_secs(3)));
    assert_eq!(options.keepalives_count, Some(4));
    assert_eq!(options.tcp_user_timeout, Some(Duration::from_millis(1500)));
    assert!(options.no_keepalives && options.ssl_direct && options.random_order);
    let default = PostgresOptions::from_url("postgres://?connect_timeout=0").unwrap();
    assert_eq!(default.connect_timeout, None, "zero is the default");
}

#[test]
fn a_url_wins_over_what_it_stands_on() {
    let mut environment = PostgresOptions::default();
    for (name, value) in [
        ("host", "env"),
        ("port", "1111"),
        ("user", "env"),
        ("dbname", "env"),
    ] {
        environment.set(name, value).unwrap();
    }
    let options = environment.clone().with_url("postgres://u@h/").unwrap();
    assert_eq!(
        (options.hosts, options.ports),
        (vec!["h".to_owned()], vec![1111])
    );
    assert_eq!(options.user.as_deref(), Some("u"));
    assert_eq!(options.dbname.as_deref(), Some("env"));
    let options = environment.with_url("postgres://a:1,b:2/x").unwrap();
    assert_eq!(options.ports, [1, 2]);
}
