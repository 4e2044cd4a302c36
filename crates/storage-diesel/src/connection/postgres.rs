//! PostgreSQL: connections with their session settings.

use std::error::Error;
use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

use diesel::{ConnectionError, ConnectionResult, QueryResult};
use diesel_async::{SimpleAsyncConnection as _, TransactionManager as _};
use tokio_postgres::Config;
use tokio_postgres::config::{self, TargetSessionAttrs};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{Connector, Role, tls};
use crate::OpenError;
use crate::deadline::Deadline;
use crate::options::{ChannelBinding, PostgresOptions, SslMode, Timeouts};

/// A connection to PostgreSQL.
pub(crate) type PostgresConnection = diesel_async::AsyncPgConnection;

/// When a silent connection is probed first.
const KEEPALIVES_IDLE: Duration = Duration::from_secs(60);

/// Opens connections to one database.
pub(crate) struct PostgresConnector {
    hosts: Vec<Host>,
    random_order: bool,
    tls: Option<MakeRustlsConnect>,
    timeouts: Timeouts,
}

/// One of the servers that may have the database.
struct Host {
    config: Config,
    /// Where it is, for messages.
    place: String,
}

impl PostgresConnector {
    /// Reads certificates, connects nowhere yet.
    pub(crate) fn new(options: &PostgresOptions, timeouts: Timeouts) -> Result<Self, OpenError> {
        let mode = effective_mode(options);
        let tls = match mode {
            SslMode::Disable => None,
            mode => Some(MakeRustlsConnect::new(tls::client_config(mode, options)?)),
        };
        let connect = options.connect_timeout.unwrap_or(timeouts.connect);
        let timeouts = Timeouts {
            connect,
            ..timeouts
        };
        let places = options.places();
        let configs = configs(options, mode, &timeouts);
        let hosts = configs.into_iter().zip(places);
        Ok(Self {
            hosts: hosts
                .map(|(config, place)| Host { config, place })
                .collect(),
            random_order: options.random_order,
            tls,
            timeouts,
        })
    }

    /// A connection with the server's own settings.
    pub(crate) async fn establish(&self) -> ConnectionResult<PostgresConnection> {
        self.open("").await
    }

    /// A connection to the first host that gives one, on which `settings` have been run. Each host has
    /// the whole time for it.
    async fn open(&self, settings: &str) -> ConnectionResult<PostgresConnection> {
        let mut refusals = Vec::new();
        for host in self.in_order() {
            let opened = tokio::time::timeout(self.timeouts.connect, async {
                let mut conn = self.establish_to(host).await?;
                if !settings.is_empty() {
                    let set = conn.batch_execute(settings).await;
                    set.map_err(|error| with_causes(&error))?;
                }
                Ok(conn)
            });
            let refusal: String = match opened.await {
                Ok(Ok(conn)) => return Ok(conn),
                Ok(Err(refusal)) => refusal,
                Err(_elapsed) => {
                    format!("no answer within {} ms", self.timeouts.connect.as_millis())
                }
            };
            refusals.push(format!("{}: {refusal}", host.place));
        }
        Err(ConnectionError::BadConnection(refusals.join("; ")))
    }

    /// The hosts as they are tried.
    fn in_order(&self) -> Vec<&Host> {
        let mut hosts: Vec<_> = self.hosts.iter().collect();
        if self.random_order {
            // The keys of the standard hash are random.
            let random = RandomState::new();
            hosts.sort_by_cached_key(|host| random.hash_one(&host.place));
        }
        hosts
    }

    async fn establish_to(&self, host: &Host) -> Result<PostgresConnection, String> {
        match &self.tls {
            Some(tls) => establish_with(&host.config, tls.clone()).await,
            None => establish_with(&host.config, tokio_postgres::NoTls).await,
        }
    }

    /// How long this side waits for a statement.
    pub(crate) fn deadline(&self) -> Deadline {
        Deadline::after(&self.timeouts)
    }

    fn session_settings(&self, role: Role) -> String {
        let read_only = match role {
            Role::Reader => "on",
            Role::Writer => "off",
        };
        let Timeouts {
            statement,
            lock,
            idle_in_transaction,
            ..
        } = &self.timeouts;
        // A commit that was confirmed must survive: asynchronous commits are switched off, while a
        // setting that waits for standby servers is left alone.
        format!(
            "SET default_transaction_read_only = {read_only}; \
             SET default_transaction_isolation = 'read committed'; \
             SET statement_timeout = {}; SET lock_timeout = {}; \
             SET idle_in_transaction_session_timeout = {}; \
             SELECT set_config('synchronous_commit', 'on', false) \
             WHERE current_setting('synchronous_commit') = 'off';",
            statement.as_millis(),
            lock.as_millis(),
            idle_in_transaction.as_millis(),
        )
    }
}

impl Connector for PostgresConnector {
    type Connection = PostgresConnection;

    async fn connect(&self, role: Role) -> ConnectionResult<PostgresConnection> {
        let settings = self.session_settings(role);
        self.open(&settings).await
    }
}

async fn establish_with<T>(config: &Config, tls: T) -> Result<PostgresConnection, String>
where
    T: tokio_postgres::tls::MakeTlsConnect<tokio_postgres::Socket>,
    T::Stream: Send + 'static,
{
    let connected = config.connect(tls).await;
    let (client, connection) = connected.map_err(|error| with_causes(&error))?;
    PostgresConnection::try_from_client_and_connection(client, connection)
        .await
        .map_err(|error| with_causes(&error))
}

/// One for each host, in the order of [`PostgresOptions::places`].
fn configs(options: &PostgresOptions, mode: SslMode, timeouts: &Timeouts) -> Vec<Config> {
    let common = config(options, mode, timeouts);
    let count = options.places().len();
    let of = |index: usize| {
        let mut config = common.clone();
        let address = options.hostaddrs.get(index).copied();
        match (options.hosts.get(index), address) {
            (Some(host), _) => config.host(host),
            // Certificates are for names, and an address is one.
            (None, Some(address)) => config.host(address.to_string()),
            (None, None) => config.host(PostgresOptions::DEFAULT_HOST),
        };
        if let Some(address) = address {
            config.hostaddr(address);
        }
        if let Some(port) = options.ports.get(index).or(options.ports.first()) {
            config.port(*port);
        }
        if count > 1 {
            config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        }
        config
    };
    (0..count).map(of).collect()
}

fn config(options: &PostgresOptions, mode: SslMode, timeouts: &Timeouts) -> Config {
    let mut config = Config::new();
    if let Some(user) = &options.user {
        config.user(user);
    }
    if let Some(password) = &options.password {
        config.password(password.expose());
    }
    if let Some(dbname) = &options.dbname {
        config.dbname(dbname);
    }
    if let Some(options) = &options.options {
        config.options(options);
    }
    config.application_name(options.application_name.as_deref().unwrap_or("registrar"));
    config.connect_timeout(timeouts.connect);
    config.keepalives(!options.no_keepalives);
    config.keepalives_idle(options.keepalives_idle.unwrap_or(KEEPALIVES_IDLE));
    if let Some(interval) = options.keepalives_interval {
        config.keepalives_interval(interval);
    }
    if let Some(count) = options.keepalives_count {
        config.keepalives_retries(count);
    }
    // A server that is gone without a word is noticed as soon as a slow one would be.
    let silence = timeouts.statement + timeouts.connect;
    config.tcp_user_timeout(options.tcp_user_timeout.unwrap_or(silence));
    config.channel_binding(match options.channel_binding {
        ChannelBinding::Disable => config::ChannelBinding::Disable,
        ChannelBinding::Prefer => config::ChannelBinding::Prefer,
        ChannelBinding::Require => config::ChannelBinding::Require,
    });
    if options.ssl_direct && mode != SslMode::Disable {
        config.ssl_negotiation(config::SslNegotiation::Direct);
    }
    config.ssl_mode(match mode {
        SslMode::Disable => config::SslMode::Disable,
        // TLS from the first byte leaves no way back to plain text.
        SslMode::Allow | SslMode::Prefer if !options.ssl_direct => config::SslMode::Prefer,
        _ => config::SslMode::Require,
    });
    config
}

/// Sockets in the file system carry no TLS, so there the mode has no meaning; and trust in the system's
/// authorities means nothing where any certificate would do.
fn effective_mode(options: &PostgresOptions) -> SslMode {
    let is_socket = |host: &String| host.starts_with('/');
    if options.hostaddrs.is_empty() && options.hosts.iter().all(is_socket) {
        return SslMode::Disable;
    }
    match options.sslmode {
        SslMode::Allow | SslMode::Prefer if tls::trusts_system(options) => SslMode::VerifyFull,
        mode => mode,
    }
}

/// The text of an error with the texts of its causes, which tell what is wrong.
fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

/// See [`Conn::spoil`](super::Conn::spoil): the pool takes a failed transaction for a broken
/// connection.
pub(super) fn spoil(conn: &mut PostgresConnection) {
    Transactions::transaction_manager_status_mut(conn).set_in_error();
}

/// Begins a transaction that may write.
pub(crate) async fn begin(conn: &mut PostgresConnection) -> QueryResult<()> {
    Transactions::begin_transaction(conn).await
}

type Transactions = <PostgresConnection as diesel_async::AsyncConnection>::TransactionManager;
