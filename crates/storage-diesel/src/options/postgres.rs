mod read;

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use registrar_domain::model::secret::Secret;

/// How to reach a PostgreSQL server: the settings of libpq that have a meaning here, under their
/// names there.
#[derive(Clone, Debug, Default)]
pub struct PostgresOptions {
    /// `host`: names, addresses, or folders (beginning with `/`) with the server's Unix socket. They
    /// are tried in turn, until one accepts writes. Empty: [`PostgresOptions::DEFAULT_HOST`].
    pub hosts: Vec<String>,
    /// `hostaddr`: where to connect instead of asking the name service for the hosts, one for each.
    pub hostaddrs: Vec<IpAddr>,
    /// `port`: one for all hosts, or one for each. Empty: 5432.
    pub ports: Vec<u16>,
    /// `user`; without it, the name of the user who runs the process.
    pub user: Option<String>,
    /// `password`.
    pub password: Option<Secret<String>>,
    /// `dbname` or `database`; without it, the database named like the user.
    pub dbname: Option<String>,
    /// `sslmode`.
    pub sslmode: SslMode,
    /// `sslrootcert`: a PEM file with the only roots to trust, or `system` for those of the system and
    /// of the Mozilla list; with `system`, `sslmode` is at least `verify-full` unless it is `disable`.
    pub sslrootcert: Option<PathBuf>,
    /// `sslcert`: a PEM file with a certificate to show to the server.
    pub sslcert: Option<PathBuf>,
    /// `sslkey`: the PEM file with its private key.
    pub sslkey: Option<PathBuf>,
    /// `sslcrl`: a PEM file with lists of revoked certificates.
    pub sslcrl: Option<PathBuf>,
    /// `sslnegotiation=direct`: TLS from the first byte.
    pub ssl_direct: bool,
    /// `channel_binding`: whether the login is bound to the TLS connection.
    pub channel_binding: ChannelBinding,
    /// `options`: command-line options for the session, such as `-c search_path=registrar`.
    pub options: Option<String>,
    /// `application_name`. Default: `registrar`.
    pub application_name: Option<String>,
    /// `connect_timeout`, in seconds: the limit for opening a connection, for each host, instead of
    /// [`Timeouts::connect`](crate::Timeouts::connect).
    pub connect_timeout: Option<Duration>,
    /// `keepalives_idle`, in seconds: when a silent connection is probed first. Default: 60 s.
    pub keepalives_idle: Option<Duration>,
    /// `keepalives_interval`, in seconds: when it is probed again. Default: the system's.
    pub keepalives_interval: Option<Duration>,
    /// `keepalives_count`: after how many probes it is given up. Default: the system's.
    pub keepalives_count: Option<u32>,
    /// `keepalives=0`: silent connections are not probed.
    pub no_keepalives: bool,
    /// `tcp_user_timeout`, in milliseconds: how long sent data may stay unacknowledged. Default: the
    /// limits for a statement and for opening a connection together.
    pub tcp_user_timeout: Option<Duration>,
    /// `load_balance_hosts=random`: hosts are tried in a random order.
    pub random_order: bool,
}

/// `channel_binding`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ChannelBinding {
    /// `disable`.
    Disable,
    /// `prefer`: if both sides can.
    #[default]
    Prefer,
    /// `require`.
    Require,
}

/// `sslmode`: whether the connection is encrypted, and whom it is encrypted for.
///
/// Stricter than libpq in one respect: what demands TLS also demands a certificate that is valid for
/// the host name. A mode that only *verifies the chain*, or nothing, does not exist. Unix sockets
/// never use TLS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SslMode {
    /// `disable`: never TLS.
    Disable,
    /// `allow`: the same as `prefer`.
    Allow,
    /// `prefer`: TLS if the server offers it, else plain text. The certificate is verified only if
    /// `sslrootcert` is given; against someone who can change the traffic this mode is no help anyway.
    #[default]
    Prefer,
    /// `require`: TLS, with a valid certificate for the host name, issued under `sslrootcert`, or,
    /// if that is not given, under a root of the system or of the Mozilla list.
    Require,
    /// `verify-ca`: the same as `require`.
    VerifyCa,
    /// `verify-full`: the same as `require`.
    VerifyFull,
}

impl SslMode {
    /// The mode of a name.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "disable" => Self::Disable,
            "allow" => Self::Allow,
            "prefer" => Self::Prefer,
            "require" => Self::Require,
            "verify-ca" => Self::VerifyCa,
            "verify-full" => Self::VerifyFull,
            _ => return None,
        })
    }
}

/// A setting or URL that cannot be used. Never shows a value: it may be a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OptionError {
    /// Neither `sqlite:` nor `postgres://`.
    #[error("a database URL begins with sqlite:, postgres:// or postgresql://")]
    Scheme,
    /// A part of the URL is not UTF-8 behind its percent signs.
    #[error("the database URL is not valid UTF-8 once percent-decoded")]
    Encoding,
    /// The setting has another form.
    #[error("the value of the database setting {0} cannot be used")]
    Value(String),
    /// The setting is one of libpq's that is not available here.
    #[error("the database setting {name} is not available here: {advice}")]
    Unavailable {
        /// Its name.
        name: String,
        /// What to do instead.
        advice: &'static str,
    },
    /// The setting is not known here.
    #[error("the database setting {0} is not supported")]
    Unknown(String),
}

impl fmt::Display for PostgresOptions {
    /// For people: which database, and where. Says nothing that could be a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.dbname {
            Some(dbname) => write!(f, "the PostgreSQL database {dbname} at ")?,
            None => f.write_str("the PostgreSQL database at ")?,
        }
        f.write_str(&self.places().join(", "))
    }
}

impl PostgresOptions {
    /// Where the server is: `host:port`, or the path of a socket, one for each host.
    pub fn places(&self) -> Vec<String> {
        let default = [Self::DEFAULT_HOST.to_owned()];
        let addresses: Vec<_> = self.hostaddrs.iter().map(IpAddr::to_string).collect();
        let hosts = match (self.hosts.is_empty(), addresses.is_empty()) {
            (true, true) => &default[..],
            (true, false) => &addresses,
            (false, _) => &self.hosts,
        };
        let place = |(index, host): (usize, &String)| {
            let port = self.ports.get(index).or(self.ports.first());
            let port = port.copied().unwrap_or(Self::DEFAULT_PORT);
            if host.starts_with('/') {
                format!("{host}/.s.PGSQL.{port}")
            } else if host.contains(':') {
                format!("[{host}]:{port}")
            } else {
                format!("{host}:{port}")
            }
        };
        hosts.iter().enumerate().map(place).collect()
    }

    /// The port where none is given.
    pub const DEFAULT_PORT: u16 = 5432;

    /// The folder in which Debian and the official images keep the socket.
    pub const DEFAULT_HOST: &'static str = "/var/run/postgresql";
}

#[cfg(test)]
mod tests;
