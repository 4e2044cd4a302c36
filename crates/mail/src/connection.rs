//! One connection to the mail server: TCP, TLS, login.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use lettre::address::Envelope;
use lettre::transport::smtp::authentication::{self, Mechanism};
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::Starttls;
use lettre::transport::smtp::extension::{ClientId, Extension};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::ServerName;

use crate::failure::Failure;
use crate::limit::{Budget, Exchange};
use crate::options::{CleartextLogin, Encryption, SetupError, Smtp};
use crate::stream::{Plain, Stream};

/// How to open a connection.
pub(crate) struct Server {
    host: String,
    port: u16,
    encryption: Encryption,
    tls: TlsConnector,
    tls_name: ServerName<'static>,
    credentials: Option<authentication::Credentials>,
    cleartext_login: CleartextLogin,
    ehlo_name: Option<String>,
    connect_timeout: Duration,
    /// Was it said that the password crosses the network in clear?
    warned: AtomicBool,
}

/// A connection that is ready for a mail.
pub(crate) struct Connection {
    smtp: AsyncSmtpConnection,
    budget: Budget,
}

/// The two ends of a TCP connection.
#[derive(Clone, Copy)]
struct Ends {
    local: SocketAddr,
    peer: SocketAddr,
}

impl Server {
    /// # Errors
    /// [`SetupError::Tls`], [`SetupError::TlsName`], [`SetupError::EhloName`].
    pub(crate) fn new(smtp: &Smtp) -> Result<Self, SetupError> {
        let tls = registrar_tls::client_config(&smtp.extra_root_certificates)?;
        let tls_name = smtp.tls_name.clone().unwrap_or_else(|| smtp.host.clone());
        let tls_name = ServerName::try_from(tls_name).map_err(|_| SetupError::TlsName)?;
        let is_fit = |name: &String| name.bytes().all(|b| b.is_ascii_graphic());
        if !smtp.ehlo_name.iter().all(is_fit) {
            return Err(SetupError::EhloName);
        }
        let credentials = smtp
            .credentials
            .as_ref()
            .map(|c| authentication::Credentials::new(c.user.clone(), c.password.expose().clone()));
        Ok(Self {
            host: smtp.host.clone(),
            port: smtp.port,
            encryption: smtp.encryption,
            tls: TlsConnector::from(Arc::new(tls)),
            tls_name,
            credentials,
            cleartext_login: smtp.cleartext_login,
            ehlo_name: smtp.ehlo_name.clone(),
            connect_timeout: smtp.connect_timeout,
            warned: AtomicBool::new(false),
        })
    }

    /// The server in words.
    pub(crate) fn name(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// Does this look like a server that waits for TLS, while this side waits for a greeting?
    pub(crate) fn may_expect_tls(&self) -> bool {
        self.port == Encryption::Implicit.default_port() && self.encryption != Encryption::Implicit
    }

    /// Opens a connection and logs in.
    ///
    /// # Errors
    /// Trouble on the way, or a refusal.
    pub(crate) async fn connect(&self) -> Result<Connection, Failure> {
        let (tcp, ends) = self.connect_tcp().await.map_err(Failure::Connect)?;
        let budget = Budget::default();
        let plain = Exchange::new(tcp, budget.clone());
        let hello = self.hello(ends);
        let (mut smtp, is_encrypted) = match self.encryption {
            Encryption::Implicit => {
                let stream = Stream::encrypted(self.encrypt(plain).await?, ends.peer);
                (greet(stream, &hello).await?, true)
            }
            Encryption::Off => (greet(Stream::plain(plain, ends.peer), &hello).await?, false),
            Encryption::IfOffered | Encryption::Required => {
                let stream = Stream::plain(plain, ends.peer);
                let smtp = greet(stream.clone(), &hello).await?;
                if smtp.server_info().supports_feature(Extension::StartTls) {
                    (self.start_tls(smtp, &stream, ends, &hello).await?, true)
                } else if self.encryption == Encryption::Required {
                    return Err(Failure::NoStartTls);
                } else {
                    (smtp, false)
                }
            }
        };
        if let Some(credentials) = &self.credentials {
            if !is_encrypted {
                self.check_cleartext_login(ends.peer)?;
            }
            smtp.auth(&[Mechanism::Plain, Mechanism::Login], credentials)
                .await?;
        }
        Ok(Connection { smtp, budget })
    }

    async fn connect_tcp(&self) -> io::Result<(TcpStream, Ends)> {
        let addresses: Vec<_> = lookup_host((self.host.as_str(), self.port))
            .await?
            .collect();
        // An address that swallows everything must leave time for the next one.
        let share = self.connect_timeout / u32::try_from(addresses.len().max(1)).unwrap_or(1);
        let mut last = io::Error::new(io::ErrorKind::NotFound, "its name has no address");
        for address in addresses {
            match timeout(share, TcpStream::connect(address)).await {
                Ok(Ok(tcp)) => {
                    tcp.set_nodelay(true)?;
                    let ends = Ends {
                        local: tcp.local_addr()?,
                        peer: tcp.peer_addr()?,
                    };
                    return Ok((tcp, ends));
                }
                Ok(Err(error)) => last = error,
                Err(_elapsed) => last = io::ErrorKind::TimedOut.into(),
            }
        }
        Err(last)
    }

    /// How this side introduces itself: by the name it was given, else by its address (RFC 5321,
    /// section 4.1.4).
    fn hello(&self, ends: Ends) -> ClientId {
        match (&self.ehlo_name, ends.local) {
            (Some(name), _) => ClientId::Domain(name.clone()),
            (None, SocketAddr::V4(local)) => ClientId::Ipv4(*local.ip()),
            (None, SocketAddr::V6(local)) => ClientId::Ipv6(*local.ip()),
        }
    }

    /// Encrypts a connection whose server offers STARTTLS, and introduces this side once more, as if
    /// nothing had been said before (RFC 3207, section 4.2).
    async fn start_tls(
        &self,
        mut smtp: AsyncSmtpConnection,
        stream: &Stream,
        ends: Ends,
        hello: &ClientId,
    ) -> Result<AsyncSmtpConnection, Failure> {
        smtp.command(Starttls).await?;
        let plain = stream.take_plain().expect("it is plain as yet");
        // With it goes what a third party may have sent behind the server's answer.
        drop(smtp);
        let stream = Stream::upgraded(self.encrypt(plain).await?, ends.peer);
        greet(stream, hello).await
    }

    async fn encrypt(&self, plain: Plain) -> Result<TlsStream<Plain>, Failure> {
        let connecting = self.tls.connect(self.tls_name.clone(), plain);
        connecting.await.map_err(Failure::Tls)
    }

    /// Decides by the address that the connection really leads to, before the password is sent.
    fn check_cleartext_login(&self, peer: SocketAddr) -> Result<(), Failure> {
        if !self.cleartext_login.permits(peer.ip()) {
            return Err(Failure::CleartextLogin(peer.ip()));
        }
        if !self.warned.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                mail.server = self.name(),
                "password for the mail server is sent without encryption"
            );
        }
        Ok(())
    }
}

async fn greet(stream: Stream, hello: &ClientId) -> Result<AsyncSmtpConnection, Failure> {
    Ok(AsyncSmtpConnection::connect_with_transport(Box::new(stream), hello).await?)
}

impl Connection {
    /// Sends one mail.
    ///
    /// # Errors
    /// Trouble with the connection, or a refusal.
    pub(crate) async fn send(&mut self, envelope: &Envelope, mail: &[u8]) -> Result<(), Failure> {
        self.smtp.send(envelope, mail).await?;
        Ok(())
    }

    /// Is the server still there? Begins another exchange.
    pub(crate) async fn is_alive(&mut self) -> bool {
        self.budget.renew();
        self.smtp.test_connected().await
    }

    /// Says goodbye. Whether the server answers.
    pub(crate) async fn quit(&mut self) -> bool {
        self.budget.renew();
        self.smtp.quit().await.is_ok()
    }
}
