//! `database.args`: the settings of PostgreSQL, under their names in libpq, and of SQLite.
//!
//! Which values can be used, and what to do about settings that are not available, is known by
//! `PostgresOptions::set`.

use super::super::key::{Key, Kind};

const SSL_MODES: &[&str] = &[
    "disable",
    "allow",
    "prefer",
    "require",
    "verify-ca",
    "verify-full",
];

const UNAVAILABLE: &str = "Not available: `check-config` says what to do instead.";

/// Settings of PostgreSQL that are handed on under their own names, if written.
pub(super) const TEXTS: &[&str] = &[
    "user",
    "host",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "sslcrl",
    "options",
    "application_name",
    "fallback_application_name",
    "sslnegotiation",
    "channel_binding",
    "load_balance_hosts",
    "target_session_attrs",
    "gssencmode",
    "client_encoding",
];

/// The same, for those that may be numbers.
pub(super) const LABELS: &[&str] = &[
    "hostaddr",
    "port",
    "connect_timeout",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_count",
    "tcp_user_timeout",
    "sslcompression",
    "sslsni",
    "passfile",
    "service",
    "servicefile",
    "sslpassword",
    "sslcrldir",
    "sslcertmode",
    "ssl_min_protocol_version",
    "ssl_max_protocol_version",
    "sslkeylogfile",
    "requirepeer",
    "require_auth",
    "krbsrvname",
    "gsslib",
    "gssdelegation",
    "replication",
    "scram_client_key",
    "scram_server_key",
    "oauth_issuer",
    "oauth_client_id",
    "oauth_client_secret",
    "oauth_scope",
    "min_protocol_version",
    "max_protocol_version",
];

pub(super) const ARGS: &[Key] = &[
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
    Key::new("password", Kind::Secret, "The password."),
    Key::new(
        "sslmode",
        Kind::Choice(SSL_MODES),
        "How much TLS. `require` and more demand a valid certificate for the host. Default: \
         `prefer`.",
    ),
    Key::new(
        "user",
        Kind::Text,
        "Who connects. Default: the user who runs this server.",
    ),
    Key::new(
        "host",
        Kind::Text,
        "The host, several with commas between them, or the folder of the Unix socket. Default: \
         `/var/run/postgresql`.",
    ),
    Key::new(
        "sslrootcert",
        Kind::Text,
        "File of the certificate authorities to trust, or `system`.",
    ),
    Key::new(
        "sslcert",
        Kind::Text,
        "File of a certificate to show to PostgreSQL.",
    ),
    Key::new(
        "sslkey",
        Kind::Text,
        "File of its private key, without a password.",
    ),
    Key::new(
        "sslcrl",
        Kind::Text,
        "File of lists of revoked certificates.",
    ),
    Key::new(
        "options",
        Kind::Text,
        "Options of the session, such as `-c search_path=registrar`.",
    ),
    Key::new(
        "application_name",
        Kind::Text,
        "Name in PostgreSQL's list of connections. Default: `registrar`.",
    ),
    Key::new(
        "fallback_application_name",
        Kind::Text,
        "The same, where `application_name` is not given.",
    ),
    Key::new(
        "sslnegotiation",
        Kind::Text,
        "`postgres`, or `direct`: TLS from the first byte.",
    ),
    Key::new(
        "channel_binding",
        Kind::Text,
        "Whether the login is bound to the TLS connection: `disable`, `prefer`, `require`.",
    ),
    Key::new(
        "load_balance_hosts",
        Kind::Text,
        "Of several hosts, try them in a random order: `random`. Default: `disable`.",
    ),
    Key::new(
        "target_session_attrs",
        Kind::Text,
        "Of several hosts, one that accepts writes is taken: `any`, `read-write` and `primary` mean that.",
    ),
    Key::new(
        "gssencmode",
        Kind::Text,
        "`disable` or `prefer`: connections are encrypted by TLS, never by GSSAPI.",
    ),
    Key::new("client_encoding", Kind::Text, "Always UTF8."),
    Key::new(
        "hostaddr",
        Kind::Label,
        "The address of the host, or one for each, instead of asking the name service.",
    ),
    Key::new(
        "port",
        Kind::Label,
        "The port, or one for each host. Default: 5432.",
    ),
    Key::new(
        "connect_timeout",
        Kind::Label,
        "Seconds for opening a connection, for each host. `registrar.database_pool.connect_timeout` wins.",
    ),
    Key::new(
        "keepalives",
        Kind::Label,
        "`0`: silent connections are not probed. Default: `1`.",
    ),
    Key::new(
        "keepalives_idle",
        Kind::Label,
        "Seconds until a silent connection is probed. Default: 60.",
    ),
    Key::new(
        "keepalives_interval",
        Kind::Label,
        "Seconds between probes. Default: the system's.",
    ),
    Key::new(
        "keepalives_count",
        Kind::Label,
        "Probes until a connection is given up. Default: the system's.",
    ),
    Key::new(
        "tcp_user_timeout",
        Kind::Label,
        "Milliseconds that sent data may stay unacknowledged. Default: as long as a statement and a connection may take.",
    ),
    Key::new("sslcompression", Kind::Label, "`0`: TLS never compresses."),
    Key::new(
        "sslsni",
        Kind::Label,
        "`1`: the host name is always part of the TLS handshake.",
    ),
    Key::new("passfile", Kind::Label, UNAVAILABLE),
    Key::new("service", Kind::Label, UNAVAILABLE),
    Key::new("servicefile", Kind::Label, UNAVAILABLE),
    Key::new("sslpassword", Kind::Label, UNAVAILABLE),
    Key::new("sslcrldir", Kind::Label, UNAVAILABLE),
    Key::new("sslcertmode", Kind::Label, UNAVAILABLE),
    Key::new("ssl_min_protocol_version", Kind::Label, UNAVAILABLE),
    Key::new("ssl_max_protocol_version", Kind::Label, UNAVAILABLE),
    Key::new("sslkeylogfile", Kind::Label, UNAVAILABLE),
    Key::new("requirepeer", Kind::Label, UNAVAILABLE),
    Key::new("require_auth", Kind::Label, UNAVAILABLE),
    Key::new("krbsrvname", Kind::Label, UNAVAILABLE),
    Key::new("gsslib", Kind::Label, UNAVAILABLE),
    Key::new("gssdelegation", Kind::Label, UNAVAILABLE),
    Key::new("replication", Kind::Label, UNAVAILABLE),
    Key::new("scram_client_key", Kind::Label, UNAVAILABLE),
    Key::new("scram_server_key", Kind::Label, UNAVAILABLE),
    Key::new("oauth_issuer", Kind::Label, UNAVAILABLE),
    Key::new("oauth_client_id", Kind::Label, UNAVAILABLE),
    Key::new("oauth_client_secret", Kind::Label, UNAVAILABLE),
    Key::new("oauth_scope", Kind::Label, UNAVAILABLE),
    Key::new("min_protocol_version", Kind::Label, UNAVAILABLE),
    Key::new("max_protocol_version", Kind::Label, UNAVAILABLE),
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
];
