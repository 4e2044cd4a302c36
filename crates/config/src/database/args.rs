//! `database.args`: the settings of PostgreSQL, under their names in libpq, and of SQLite.
//!
//! Which values can be used, and what to do about settings that are not available, is known by
//! `PostgresOptions::set`.

use registrar_storage_diesel::{PostgresOptions, SslMode};

use crate::key::{Effect, Groups, Key, Kind};
use crate::keys::{Keys, keys};
use crate::section::{Place, Section};
use crate::types::{Choice, Inert, Int, Label, LateSecret, OneOf};

keys! {
    pub(crate) struct ArgsKeys {
        /// SQLite: the file. PostgreSQL: the name of the database.
        database: Option<String>,
        /// PostgreSQL: the same as `database`.
        dbname: Option<String>,
        /// The password.
        password: Option<LateSecret>,
        /// Whether TLS is used. `require` and more demand a valid certificate for the host. Default: `prefer`.
        sslmode: Option<OneOf<SslMode>>,
        /// Connections at most: a third only reads. `registrar.database_pool` takes precedence.
        cp_max: Option<Int<u32, 2, 10_000>>,
    }
    unused {
        /// Connections are opened when needed.
        cp_min: Inert<Int<u32, 0, 10_000>>,
        /// For a homeserver.
        cp_reconnect: Inert<bool>,
    }
}

impl Choice for SslMode {
    const WORDS: &'static [&'static str] = &[
        "disable",
        "allow",
        "prefer",
        "require",
        "verify-ca",
        "verify-full",
    ];
    const VALUES: &'static [Self] = &[
        Self::Disable,
        Self::Allow,
        Self::Prefer,
        Self::Require,
        Self::VerifyCa,
        Self::VerifyFull,
    ];
}

/// Settings of PostgreSQL that are handed on under their own names.
const SETTINGS: &[Key] = &[
    text(
        "user",
        "Who connects. Default: the user who runs this server.",
    ),
    text(
        "host",
        "The host, several with commas between them, or the folder of the Unix socket. Default: \
         `/var/run/postgresql`.",
    ),
    text(
        "sslrootcert",
        "File of the certificate authorities to trust, or `system`.",
    ),
    text("sslcert", "File of a certificate to show to PostgreSQL."),
    text("sslkey", "File of its private key, without a password."),
    text("sslcrl", "File of lists of revoked certificates."),
    text(
        "options",
        "Options of the session, such as `-c search_path=registrar`.",
    ),
    text(
        "application_name",
        "Name in PostgreSQL's list of connections. Default: `registrar`.",
    ),
    text(
        "fallback_application_name",
        "The same, where `application_name` is not given.",
    ),
    text(
        "sslnegotiation",
        "`postgres`, or `direct`: TLS from the first byte.",
    ),
    text(
        "channel_binding",
        "Whether the login is bound to the TLS connection: `disable`, `prefer`, `require`.",
    ),
    text(
        "load_balance_hosts",
        "Of several hosts, try them in a random order: `random`. Default: `disable`.",
    ),
    text(
        "target_session_attrs",
        "Of several hosts, one that accepts writes is taken: `any`, `read-write` and `primary` mean \
         that.",
    ),
    text(
        "gssencmode",
        "`disable` or `prefer`: connections are encrypted by TLS, never by GSSAPI.",
    ),
    text("client_encoding", "Always UTF8."),
    label(
        "hostaddr",
        "The address of the host, or one for each, instead of asking the name service.",
    ),
    label("port", "The port, or one for each host. Default: 5432."),
    label(
        "connect_timeout",
        "Seconds for opening a connection, for each host. \
         `registrar.database_pool.connect_timeout` takes precedence.",
    ),
    label(
        "keepalives",
        "`0`: silent connections are not probed. Default: `1`.",
    ),
    label(
        "keepalives_idle",
        "Seconds until a silent connection is probed. Default: 60.",
    ),
    label(
        "keepalives_interval",
        "Seconds between probes. Default: the system's.",
    ),
    label(
        "keepalives_count",
        "Probes until a connection is given up. Default: the system's.",
    ),
    label(
        "tcp_user_timeout",
        "Milliseconds that sent data may stay unacknowledged. Default: as long as a statement and a \
         connection may take.",
    ),
    label("sslcompression", "`0`: TLS never compresses."),
    label(
        "sslsni",
        "`1`: the host name is always part of the TLS handshake.",
    ),
    unavailable("passfile"),
    unavailable("service"),
    unavailable("servicefile"),
    unavailable("sslpassword"),
    unavailable("sslcrldir"),
    unavailable("sslcertmode"),
    unavailable("ssl_min_protocol_version"),
    unavailable("ssl_max_protocol_version"),
    unavailable("sslkeylogfile"),
    unavailable("requirepeer"),
    unavailable("require_auth"),
    unavailable("krbsrvname"),
    unavailable("gsslib"),
    unavailable("gssdelegation"),
    unavailable("replication"),
    unavailable("scram_client_key"),
    unavailable("scram_server_key"),
    unavailable("oauth_issuer"),
    unavailable("oauth_client_id"),
    unavailable("oauth_client_secret"),
    unavailable("oauth_scope"),
    unavailable("min_protocol_version"),
    unavailable("max_protocol_version"),
];

const fn text(name: &'static str, doc: &'static str) -> Key {
    setting(name, Kind::Text, Effect::Served, doc)
}

/// One that may be a number.
const fn label(name: &'static str, doc: &'static str) -> Key {
    setting(name, Kind::Label, Effect::Served, doc)
}

const fn unavailable(name: &'static str) -> Key {
    let doc = "Not available: `check-config` says what to do instead.";
    setting(name, Kind::Label, Effect::Unavailable, doc)
}

const fn setting(name: &'static str, kind: Kind, effect: Effect, doc: &'static str) -> Key {
    Key {
        name,
        kind,
        default: None,
        doc,
        effect,
    }
}

/// The keys of `database.args`.
pub(crate) struct Args {
    pub(super) known: ArgsKeys,
    /// Name, value and place of each of [`SETTINGS`] that is written.
    settings: Vec<(&'static str, String, Place)>,
}

impl Keys for Args {
    const KEYS: &'static [Key] = ArgsKeys::KEYS;
    const GROUPS: Groups = &[ArgsKeys::KEYS, SETTINGS];

    fn read(section: &Section<'_>) -> Self {
        let mut settings = Vec::new();
        for key in SETTINGS {
            let (value, at) = match key.kind {
                Kind::Text => section.optional::<Option<String>>(key).into_parts(),
                _ => section.optional::<Option<Label>>(key).into_parts(),
            };
            settings.extend(value.map(|value| (key.name, value, at)));
        }
        Self {
            known: ArgsKeys::read(section),
            settings,
        }
    }
}

impl Args {
    /// Lets what is written override these options.
    pub(super) fn apply(&self, postgres: &mut PostgresOptions) {
        for (name, value, at) in &self.settings {
            at.accept(postgres.set(name, value));
        }
        let keys = &self.known;
        if let Some(mode) = *keys.sslmode {
            postgres.sslmode = mode;
        }
        if keys.database.is_some() && keys.dbname.is_some() {
            keys.dbname
                .at
                .mistake("means the same as `database`: give only one of them");
        }
        let dbname = keys.dbname.clone().or_else(|| keys.database.clone());
        postgres.dbname = dbname.or(postgres.dbname.take());
        let password = keys.password.as_ref().and_then(LateSecret::read);
        postgres.password = password.or(postgres.password.take());
    }
}
