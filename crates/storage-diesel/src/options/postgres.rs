use std::path::PathBuf;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use registrar_domain::secret::Secret;

/// How to reach a PostgreSQL server: the settings of libpq that have a meaning here, under their
/// names there.
#[derive(Clone, Debug, Default)]
pub struct PostgresOptions {
    /// `host`: names, addresses, or folders (beginning with `/`) with the server's Unix socket. They
    /// are tried in turn, until one accepts writes. Empty: [`PostgresOptions::DEFAULT_HOST`].
    pub hosts: Vec<String>,
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
    /// `sslrootcert`: a PEM file with the only roots to believe.
    pub sslrootcert: Option<PathBuf>,
    /// `sslcert`: a PEM file with a certificate to show to the server.
    pub sslcert: Option<PathBuf>,
    /// `sslkey`: the PEM file with its private key.
    pub sslkey: Option<PathBuf>,
    /// `options`: command-line options for the session, such as `-c search_path=registrar`.
    pub options: Option<String>,
    /// `application_name`. Default: `registrar`.
    pub application_name: Option<String>,
    /// `connect_timeout`, in seconds: the limit for opening a connection, instead of
    /// [`Timeouts::connect`](crate::Timeouts::connect).
    pub connect_timeout: Option<Duration>,
    /// `keepalives_idle`, in seconds: when a silent connection is probed first. Default: 60 s.
    pub keepalives_idle: Option<Duration>,
    /// `keepalives_interval`, in seconds: when it is probed again. Default: the system's.
    pub keepalives_interval: Option<Duration>,
    /// `keepalives_count`: after how many probes it is given up. Default: the system's.
    pub keepalives_count: Option<u32>,
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
    /// The setting is not known here.
    #[error("the database setting {0} is not supported")]
    Unknown(String),
}

impl PostgresOptions {
    /// The folder in which Debian and the official images keep the socket.
    pub const DEFAULT_HOST: &'static str = "/var/run/postgresql";

    /// Sets one setting by its name in libpq. An empty value leaves the default.
    ///
    /// # Errors
    /// [`OptionError`] for an unknown name or an unusable value.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), OptionError> {
        if value.is_empty() {
            return Ok(());
        }
        let refuse = || OptionError::Value(name.to_owned());
        let text = || Some(value.to_owned());
        let seconds = || {
            value
                .parse()
                .map(Duration::from_secs)
                .map(Some)
                .map_err(|_| refuse())
        };
        match name {
            "host" => self.hosts = value.split(',').map(str::to_owned).collect(),
            "port" => {
                let ports = value.split(',').map(str::parse).collect::<Result<_, _>>();
                self.ports = ports.map_err(|_| refuse())?;
            }
            "user" => self.user = text(),
            "password" => self.password = text().map(Secret::new),
            "dbname" | "database" => self.dbname = text(),
            "sslmode" => self.sslmode = SslMode::parse(value).ok_or_else(refuse)?,
            "sslrootcert" => self.sslrootcert = Some(value.into()),
            "sslcert" => self.sslcert = Some(value.into()),
            "sslkey" => self.sslkey = Some(value.into()),
            "options" => self.options = text(),
            "application_name" => self.application_name = text(),
            "connect_timeout" => self.connect_timeout = seconds()?,
            "keepalives_idle" => self.keepalives_idle = seconds()?,
            "keepalives_interval" => self.keepalives_interval = seconds()?,
            "keepalives_count" => {
                self.keepalives_count = Some(value.parse().map_err(|_| refuse())?);
            }
            // What is done anyway: of several hosts, one that accepts writes is taken.
            "target_session_attrs" if matches!(value, "any" | "read-write" | "primary") => {}
            _ => return Err(OptionError::Unknown(name.to_owned())),
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
        let rest = url
            .strip_prefix("postgres://")
            .or_else(|| url.strip_prefix("postgresql://"))
            .ok_or(OptionError::Scheme)?;
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, dbname) = rest.split_once('/').unwrap_or((rest, ""));
        let (credentials, hosts) = authority.rsplit_once('@').unwrap_or(("", authority));
        let (user, password) = credentials.split_once(':').unwrap_or((credentials, ""));

        let mut options = Self::default();
        options.set("user", &decode(user)?)?;
        options.set("password", &decode(password)?)?;
        options.set("dbname", &decode(dbname)?)?;
        for host_and_port in hosts.split(',').filter(|text| !text.is_empty()) {
            let (host, port) = split_port(host_and_port);
            options.hosts.push(decode(host)?);
            if let Some(port) = port {
                let port = port
                    .parse()
                    .map_err(|_| OptionError::Value("port".to_owned()))?;
                options.ports.push(port);
            }
        }
        // One port for all hosts, or one each: nothing else can be told apart later.
        if !matches!(options.ports.len(), 0 | 1) && options.ports.len() != options.hosts.len() {
            return Err(OptionError::Value("port".to_owned()));
        }
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            options.set(&decode(name)?, &decode(value)?)?;
        }
        Ok(options)
    }
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

#[cfg(test)]
mod tests {
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
}
