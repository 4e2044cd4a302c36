//! Settings under their names in libpq, one by one or as a URL.

use std::time::Duration;

use percent_encoding::percent_decode_str;
use registrar_domain::model::secret::Secret;

use super::{ChannelBinding, OptionError, PostgresOptions, SslMode};

/// The settings of libpq that are not available here, and what to do instead.
const UNAVAILABLE: &[(&str, &str)] = &[
    (
        "passfile",
        "give the password as `database.args.password_path` or `registrar.database_password_path`",
    ),
    ("service", "write the settings of the service out"),
    ("servicefile", "write the settings of the service out"),
    (
        "sslpassword",
        "take the password off the key (`openssl pkey -in key.pem -out plain.pem`) and let only this \
         server read the file",
    ),
    ("sslcrldir", "put the lists into one file for `sslcrl`"),
    (
        "sslcertmode",
        "a certificate is shown exactly if `sslcert` is given",
    ),
    (
        "ssl_min_protocol_version",
        "at least TLS 1.2 is used anyway; demand more at the server",
    ),
    ("ssl_max_protocol_version", "set the limit at the server"),
    (
        "sslkeylogfile",
        "keys of connections are never written down",
    ),
    (
        "requirepeer",
        "let only the server's user write to the folder of its socket",
    ),
    (
        "require_auth",
        "demand the method in the server's `pg_hba.conf`, or use `channel_binding=require`",
    ),
    (
        "krbsrvname",
        "log in with a password or a certificate instead of Kerberos",
    ),
    (
        "gsslib",
        "log in with a password or a certificate instead of Kerberos",
    ),
    (
        "gssdelegation",
        "log in with a password or a certificate instead of Kerberos",
    ),
    ("replication", "this server needs an ordinary connection"),
    ("scram_client_key", "give the password"),
    ("scram_server_key", "give the password"),
    ("oauth_issuer", "log in with a password or a certificate"),
    ("oauth_client_id", "log in with a password or a certificate"),
    (
        "oauth_client_secret",
        "log in with a password or a certificate",
    ),
    ("oauth_scope", "log in with a password or a certificate"),
    (
        "min_protocol_version",
        "protocol 3.0 is spoken, as every server can",
    ),
    (
        "max_protocol_version",
        "protocol 3.0 is spoken, as every server can",
    ),
];

/// The settings of libpq with values that mean what is done here anyway, and what to do about others.
const FIXED: &[(&str, &[&str], &str)] = &[
    (
        "target_session_attrs",
        &["any", "read-write", "primary"],
        "this server writes, so of several hosts it takes one that accepts writes",
    ),
    (
        "gssencmode",
        &["disable", "prefer"],
        "connections are encrypted by TLS (`sslmode`), not by GSSAPI",
    ),
    (
        "client_encoding",
        &["UTF8", "utf8", "UTF-8", "utf-8", "auto"],
        "the encoding is always UTF8",
    ),
    ("sslcompression", &["0"], "TLS never compresses"),
    (
        "sslsni",
        &["1"],
        "the host name is always part of the TLS handshake",
    ),
    (
        "ssl_min_protocol_version",
        &["TLSv1", "TLSv1.1", "TLSv1.2"],
        "at least TLS 1.2 is used anyway; demand more at the server",
    ),
    (
        "ssl_max_protocol_version",
        &["TLSv1.3"],
        "set the limit at the server",
    ),
    (
        "sslcertmode",
        &["allow"],
        "a certificate is shown exactly if `sslcert` is given",
    ),
    ("gssdelegation", &["0"], "Kerberos is not available"),
    (
        "replication",
        &["false", "off", "no", "0"],
        "this server needs an ordinary connection",
    ),
];

impl PostgresOptions {
    /// The environment variables of libpq, and the settings that they stand for.
    pub const ENVIRONMENT: &'static [(&'static str, &'static str)] = &[
        ("PGHOST", "host"),
        ("PGHOSTADDR", "hostaddr"),
        ("PGPORT", "port"),
        ("PGDATABASE", "dbname"),
        ("PGUSER", "user"),
        ("PGPASSWORD", "password"),
        ("PGPASSFILE", "passfile"),
        ("PGREQUIREAUTH", "require_auth"),
        ("PGCHANNELBINDING", "channel_binding"),
        ("PGSERVICE", "service"),
        ("PGSERVICEFILE", "servicefile"),
        ("PGOPTIONS", "options"),
        ("PGAPPNAME", "application_name"),
        ("PGSSLMODE", "sslmode"),
        ("PGSSLNEGOTIATION", "sslnegotiation"),
        ("PGSSLCOMPRESSION", "sslcompression"),
        ("PGSSLCERT", "sslcert"),
        ("PGSSLKEY", "sslkey"),
        ("PGSSLCERTMODE", "sslcertmode"),
        ("PGSSLROOTCERT", "sslrootcert"),
        ("PGSSLCRL", "sslcrl"),
        ("PGSSLCRLDIR", "sslcrldir"),
        ("PGSSLSNI", "sslsni"),
        ("PGREQUIREPEER", "requirepeer"),
        ("PGSSLMINPROTOCOLVERSION", "ssl_min_protocol_version"),
        ("PGSSLMAXPROTOCOLVERSION", "ssl_max_protocol_version"),
        ("PGGSSENCMODE", "gssencmode"),
        ("PGKRBSRVNAME", "krbsrvname"),
        ("PGGSSLIB", "gsslib"),
        ("PGGSSDELEGATION", "gssdelegation"),
        ("PGCONNECT_TIMEOUT", "connect_timeout"),
        ("PGCLIENTENCODING", "client_encoding"),
        ("PGTARGETSESSIONATTRS", "target_session_attrs"),
        ("PGLOADBALANCEHOSTS", "load_balance_hosts"),
        ("PGMINPROTOCOLVERSION", "min_protocol_version"),
        ("PGMAXPROTOCOLVERSION", "max_protocol_version"),
    ];

    /// Sets one setting by its name in libpq. An empty value leaves the default.
    ///
    /// # Errors
    /// [`OptionError`] for an unknown name or an unusable value, and for a setting of libpq that is not
    /// available here, with what to do instead.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), OptionError> {
        if value.is_empty() {
            return Ok(());
        }
        let refuse = || OptionError::Value(name.to_owned());
        let text = || Some(value.to_owned());
        match name {
            "host" => self.hosts = value.split(',').map(str::to_owned).collect(),
            "hostaddr" => {
                let addresses = value.split(',').map(str::parse).collect::<Result<_, _>>();
                self.hostaddrs = addresses.map_err(|_| refuse())?;
            }
            "port" => {
                let ports = value.split(',').map(str::parse).collect::<Result<_, _>>();
                self.ports = ports.map_err(|_| refuse())?;
            }
            "user" => self.user = text(),
            "password" => self.password = text().map(Secret::new),
            "dbname" | "database" => self.dbname = text(),
            "options" => self.options = text(),
            "application_name" => self.application_name = text(),
            "fallback_application_name" => {
                self.application_name
                    .get_or_insert_with(|| value.to_owned());
            }
            "load_balance_hosts" => {
                self.random_order = one_of(value, "random", "disable").ok_or_else(refuse)?;
            }
            _ if name.starts_with("ssl") || name == "channel_binding" => {
                return self.set_security(name, value);
            }
            _ => return self.set_wait(name, value),
        }
        Ok(())
    }

    fn set_security(&mut self, name: &str, value: &str) -> Result<(), OptionError> {
        let refuse = || OptionError::Value(name.to_owned());
        match name {
            "sslmode" => self.sslmode = SslMode::parse(value).ok_or_else(refuse)?,
            "sslrootcert" => self.sslrootcert = Some(value.into()),
            "sslcert" => self.sslcert = Some(value.into()),
            "sslkey" => self.sslkey = Some(value.into()),
            "sslcrl" => self.sslcrl = Some(value.into()),
            "sslnegotiation" => {
                self.ssl_direct = one_of(value, "direct", "postgres").ok_or_else(refuse)?;
            }
            "channel_binding" => {
                self.channel_binding = match value {
                    "disable" => ChannelBinding::Disable,
                    "prefer" => ChannelBinding::Prefer,
                    "require" => ChannelBinding::Require,
                    _ => return Err(refuse()),
                };
            }
            _ => return other(name, value),
        }
        Ok(())
    }

    fn set_wait(&mut self, name: &str, value: &str) -> Result<(), OptionError> {
        let refuse = || OptionError::Value(name.to_owned());
        // As in libpq, zero and less mean the default.
        let number = || match value.trim().parse::<i64>() {
            Ok(number) => Ok(u32::try_from(number).ok().filter(|number| *number > 0)),
            Err(_) => Err(refuse()),
        };
        let seconds = || Ok(number()?.map(|number| Duration::from_secs(number.into())));
        match name {
            "connect_timeout" => self.connect_timeout = seconds()?,
            "keepalives" => self.no_keepalives = number()?.is_none(),
            "keepalives_idle" => self.keepalives_idle = seconds()?,
            "keepalives_interval" => self.keepalives_interval = seconds()?,
            "keepalives_count" => self.keepalives_count = number()?,
            "tcp_user_timeout" => {
                self.tcp_user_timeout =
                    number()?.map(|number| Duration::from_millis(number.into()));
            }
            _ => return other(name, value),
        }
        Ok(())
    }

    /// Reads `postgres://user:password@host:port/dbname?sslmode=require`, each part optional and
    /// percent-encoded where needed. Several hosts are separated by commas; a Unix socket is
    /// `postgres:///dbname?host=/folder`.
    ///
    /// # Errors
    /// [`OptionError`].
    pub fn from_url(url: &str) -> Result<Self, OptionError> {
        Self::default().with_url(url)
    }

    /// The same, with these options for what the URL does not say.
    ///
    /// # Errors
    /// [`OptionError`].
    pub fn with_url(self, url: &str) -> Result<Self, OptionError> {
        let rest = url
            .strip_prefix("postgres://")
            .or_else(|| url.strip_prefix("postgresql://"))
            .ok_or(OptionError::Scheme)?;
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, dbname) = rest.split_once('/').unwrap_or((rest, ""));
        let (credentials, hosts) = authority.rsplit_once('@').unwrap_or(("", authority));
        let (user, password) = credentials.split_once(':').unwrap_or((credentials, ""));

        let mut options = self;
        options.set("user", &decode(user)?)?;
        options.set("password", &decode(password)?)?;
        options.set("dbname", &decode(dbname)?)?;
        let (mut names, mut ports) = (Vec::new(), Vec::new());
        for host_and_port in hosts.split(',').filter(|text| !text.is_empty()) {
            let (host, port) = split_port(host_and_port);
            names.push(decode(host)?);
            if let Some(port) = port {
                let port = port.parse();
                ports.push(port.map_err(|_| OptionError::Value("port".to_owned()))?);
            }
        }
        // One port for all hosts, or one each: nothing else can be told apart later.
        if !matches!(ports.len(), 0 | 1) && ports.len() != names.len() {
            return Err(OptionError::Value("port".to_owned()));
        }
        if !names.is_empty() {
            options.hosts = names;
        }
        if !ports.is_empty() {
            options.ports = ports;
        }
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            options.set(&decode(name)?, &decode(value)?)?;
        }
        Ok(options)
    }
}

/// `true` for the first word, `false` for the second.
fn one_of(value: &str, yes: &str, no: &str) -> Option<bool> {
    match value {
        _ if value == yes => Some(true),
        _ if value == no => Some(false),
        _ => None,
    }
}

/// A setting that sets nothing here.
fn other(name: &str, value: &str) -> Result<(), OptionError> {
    let fixed = FIXED.iter().find(|(fixed, _, _)| *fixed == name);
    let advice = match fixed {
        Some((_, values, _)) if values.contains(&value) => return Ok(()),
        Some((_, _, advice)) => Some(*advice),
        None => UNAVAILABLE
            .iter()
            .find(|(unavailable, _)| *unavailable == name)
            .map(|(_, advice)| *advice),
    };
    let name = name.to_owned();
    Err(match advice {
        Some(advice) => OptionError::Unavailable { name, advice },
        None => OptionError::Unknown(name),
    })
}

fn decode(text: &str) -> Result<String, OptionError> {
    let decoded = percent_decode_str(text).decode_utf8();
    decoded.map(Into::into).map_err(|_| OptionError::Encoding)
}

/// Splits `host:port`, leaving the colons of `[::1]` alone and its brackets out.
fn split_port(text: &str) -> (&str, Option<&str>) {
    if let Some((address, rest)) = text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return (address, rest.strip_prefix(':'));
    }
    match text.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (text, None),
    }
}
