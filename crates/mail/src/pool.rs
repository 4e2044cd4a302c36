//! Connections to the mail server.
//!
//! The SMTP library has a pool of its own, but that one takes a connection back whose mail was
//! dropped half-way (a timeout, a client that hung up). The next mail would then read the answers to
//! the one before, and could be reported as sent when it was not. Here a connection comes back only
//! after the server has taken a whole mail on it.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lettre::address::Envelope;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{self, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

use crate::options::{Encryption, SetupError, Smtp};

/// How many connections there are at most.
const MAX_CONNECTIONS: usize = 4;
/// How long a connection may lie idle and still be used. Servers hang up after some minutes.
const MAX_IDLE: Duration = Duration::from_secs(60);
/// How long an idle connection has to show that it is alive, or to say goodbye.
const PROBE_TIMEOUT: Duration = Duration::from_secs(5);

/// Up to [`MAX_CONNECTIONS`] connections, opened when needed.
pub(crate) struct Pool {
    server: Server,
    slots: Semaphore,
    idle: Mutex<Vec<Idle>>,
}

struct Idle {
    connection: AsyncSmtpConnection,
    since: Instant,
}

impl Pool {
    /// An empty pool.
    ///
    /// # Errors
    /// [`SetupError::Tls`].
    pub(crate) fn new(smtp: &Smtp) -> Result<Self, SetupError> {
        Ok(Self {
            server: Server::new(smtp).map_err(SetupError::Tls)?,
            slots: Semaphore::new(MAX_CONNECTIONS),
            idle: Mutex::new(Vec::new()),
        })
    }

    /// Sends one mail. Dropped half-way, it closes the connection, and the server forgets the mail
    /// unless it had all of it.
    ///
    /// # Errors
    /// Trouble with the connection, or a refusal.
    pub(crate) async fn send(&self, envelope: &Envelope, mail: &[u8]) -> Result<(), Error> {
        let _slot = self
            .slots
            .acquire()
            .await
            .expect("the semaphore is never closed");
        let mut connection = match self.reuse().await {
            Some(connection) => connection,
            None => self.server.connect().await?,
        };
        connection.send(envelope, mail).await?;
        self.park(connection);
        Ok(())
    }

    /// Says goodbye on all idle connections.
    pub(crate) async fn close(&self) {
        let idle = std::mem::take(&mut *self.idle());
        for Idle { mut connection, .. } in idle {
            if !matches!(timeout(PROBE_TIMEOUT, connection.quit()).await, Ok(Ok(_))) {
                tracing::debug!("the mail server did not answer to QUIT");
            }
        }
    }

    /// An idle connection that is still alive; the others are closed on the way.
    async fn reuse(&self) -> Option<AsyncSmtpConnection> {
        loop {
            let Idle {
                mut connection,
                since,
            } = self.idle().pop()?;
            if since.elapsed() <= MAX_IDLE
                && timeout(PROBE_TIMEOUT, connection.test_connected()).await == Ok(true)
            {
                return Some(connection);
            }
        }
    }

    fn park(&self, connection: AsyncSmtpConnection) {
        self.idle().push(Idle {
            connection,
            since: Instant::now(),
        });
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pool")
            .field("idle", &self.idle().len())
            .finish_non_exhaustive()
    }
}

/// How to open a connection.
struct Server {
    host: String,
    port: u16,
    tls: Tls,
    credentials: Option<authentication::Credentials>,
    hello_name: ClientId,
    connect_timeout: Duration,
}

impl Server {
    fn new(smtp: &Smtp) -> Result<Self, Error> {
        let credentials = smtp
            .credentials
            .as_ref()
            .map(|c| authentication::Credentials::new(c.user.clone(), c.password.expose().clone()));
        Ok(Self {
            host: smtp.host.clone(),
            port: smtp.port,
            tls: tls(smtp)?,
            credentials,
            hello_name: ClientId::default(),
            connect_timeout: smtp.connect_timeout,
        })
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, Error> {
        let implicit = match &self.tls {
            Tls::Wrapper(parameters) => Some(parameters.clone()),
            Tls::None | Tls::Opportunistic(_) | Tls::Required(_) => None,
        };
        let mut connection = AsyncSmtpConnection::connect_tokio1(
            (self.host.as_str(), self.port),
            Some(self.connect_timeout),
            &self.hello_name,
            implicit,
            None,
        )
        .await?;
        match &self.tls {
            Tls::Opportunistic(parameters) if connection.can_starttls() => {
                connection
                    .starttls(parameters.clone(), &self.hello_name)
                    .await?;
            }
            // Fails if the server does not offer it.
            Tls::Required(parameters) => {
                connection
                    .starttls(parameters.clone(), &self.hello_name)
                    .await?;
            }
            Tls::None | Tls::Opportunistic(_) | Tls::Wrapper(_) => {}
        }
        if let Some(credentials) = &self.credentials {
            connection
                .auth(&[Mechanism::Plain, Mechanism::Login], credentials)
                .await?;
        }
        Ok(connection)
    }
}

fn tls(smtp: &Smtp) -> Result<Tls, Error> {
    let parameters = || {
        let name = smtp.tls_name.clone().unwrap_or_else(|| smtp.host.clone());
        let mut builder = TlsParameters::builder(name);
        for der in &smtp.extra_root_certificates {
            builder = builder.add_root_certificate(Certificate::from_der(der.clone())?);
        }
        builder.build()
    };
    Ok(match smtp.encryption {
        Encryption::Off => Tls::None,
        Encryption::IfOffered => Tls::Opportunistic(parameters()?),
        Encryption::Required => Tls::Required(parameters()?),
        Encryption::Implicit => Tls::Wrapper(parameters()?),
    })
}
