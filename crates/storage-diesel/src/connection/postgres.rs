//! PostgreSQL: connections with their session settings.

use std::error::Error;
use std::time::Duration;

use diesel::{ConnectionError, ConnectionResult, QueryResult};
use diesel_async::{SimpleAsyncConnection as _, TransactionManager as _};
use tokio_postgres::Config;
use tokio_postgres::config::TargetSessionAttrs;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{Connector, Role, tls};
use crate::OpenError;
use crate::options::{PostgresOptions, SslMode, Timeouts};

/// A connection to PostgreSQL.
pub(crate) type PostgresConnection = diesel_async::AsyncPgConnection;

/// When a silent connection is probed first.
const KEEPALIVES_IDLE: Duration = Duration::from_secs(60);

/// Opens connections to one database.
pub(crate) struct PostgresConnector {
    config: Config,
    tls: Option<MakeRustlsConnect>,
    timeouts: Timeouts,
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
        Ok(Self {
            config: config(options, mode, &timeouts),
            tls,
            timeouts,
        })
    }

    /// A connection with the server's own settings.
    pub(crate) async fn establish(&self) -> ConnectionResult<PostgresConnection> {
        match &self.tls {
            Some(tls) => self.establish_with(tls.clone()).await,
            None => self.establish_with(tokio_postgres::NoTls).await,
        }
    }

    async fn establish_with<T>(&self, tls: T) -> ConnectionResult<PostgresConnection>
    where
        T: tokio_postgres::tls::MakeTlsConnect<tokio_postgres::Socket>,
        T::Stream: Send + 'static,
    {
        // The time limit of the configuration covers the socket only, not TLS and authentication.
        let connected = tokio::time::timeout(self.timeouts.connect, self.config.connect(tls))
            .await
            .map_err(|_| ConnectionError::BadConnection("no answer in time".to_owned()))?;
        let (client, connection) =
            connected.map_err(|error| ConnectionError::BadConnection(with_causes(&error)))?;
        PostgresConnection::try_from_client_and_connection(client, connection).await
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
        let mut conn = self.establish().await?;
        conn.batch_execute(&self.session_settings(role))
            .await
            .map_err(ConnectionError::CouldntSetupConfiguration)?;
        Ok(conn)
    }
}

fn config(options: &PostgresOptions, mode: SslMode, timeouts: &Timeouts) -> Config {
    let mut config = Config::new();
    for host in &options.hosts {
        config.host(host);
    }
    match options.hosts.len() {
        0 => config.host(PostgresOptions::DEFAULT_HOST),
        1 => &mut config,
        _ => config.target_session_attrs(TargetSessionAttrs::ReadWrite),
    };
    for port in &options.ports {
        config.port(*port);
    }
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
    config.keepalives_idle(options.keepalives_idle.unwrap_or(KEEPALIVES_IDLE));
    if let Some(interval) = options.keepalives_interval {
        config.keepalives_interval(interval);
    }
    if let Some(count) = options.keepalives_count {
        config.keepalives_retries(count);
    }
    // A server that is gone without a word is noticed as soon as a slow one would be.
    config.tcp_user_timeout(timeouts.statement + timeouts.connect);
    config.ssl_mode(match mode {
        SslMode::Disable => tokio_postgres::config::SslMode::Disable,
        SslMode::Allow | SslMode::Prefer => tokio_postgres::config::SslMode::Prefer,
        SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull => {
            tokio_postgres::config::SslMode::Require
        }
    });
    config
}

/// Sockets in the file system carry no TLS, so there the mode has no meaning.
fn effective_mode(options: &PostgresOptions) -> SslMode {
    if options.hosts.iter().all(|host| host.starts_with('/')) {
        SslMode::Disable
    } else {
        options.sslmode
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

/// Begins a transaction that may write.
pub(crate) async fn begin(conn: &mut PostgresConnection) -> QueryResult<()> {
    Transactions::begin_transaction(conn).await
}

type Transactions = <PostgresConnection as diesel_async::AsyncConnection>::TransactionManager;
