//! A scripted HTTP server on loopback that records the requests it gets.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite};
use tokio::io::{AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// What the server does with each request.
#[derive(Clone, Default)]
pub struct Script {
    /// What it sends.
    pub reply: Vec<u8>,
    /// What it does next.
    pub then: Then,
    /// Speaks TLS: from the first byte, or after a CONNECT.
    pub tls: Option<TlsAcceptor>,
    /// Accepts CONNECT like a proxy, and also plays the server behind it.
    pub is_proxy: bool,
    /// Speaks TLS as a proxy, before anything else.
    pub proxy_tls: Option<TlsAcceptor>,
    /// Speaks SOCKS 5, requires this user and password if there are any, and plays the server behind it.
    pub socks: Option<Option<(&'static str, &'static str)>>,
}

/// What the server does after it has sent its bytes.
#[derive(Clone, Copy, Default)]
pub enum Then {
    /// Waits for another request.
    #[default]
    KeepOpen,
    /// Closes the connection.
    HangUp,
    /// Sends nothing more.
    Hang,
    /// Repeats these bytes, with a pause of so many milliseconds.
    Repeat(&'static [u8], u64),
}

/// The server. It ends with the runtime that it was started in.
pub struct Peer {
    /// The port on 127.0.0.1 that it listens on.
    pub port: u16,
    received: Arc<Mutex<Vec<String>>>,
}

impl Peer {
    /// Listens on a free port.
    ///
    /// # Panics
    /// When there is none.
    pub async fn start(script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let received = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&received);
        tokio::spawn(async move {
            loop {
                let (socket, _) = listener.accept().await.unwrap();
                let (script, log) = (script.clone(), Arc::clone(&log));
                // A client may close the connection at any time.
                tokio::spawn(async move { talk(socket, script, &log).await.ok() });
            }
        });
        Self { port, received }
    }

    /// Answers every request with this status and body.
    pub async fn answering(status: &str, body: &str) -> Self {
        Self::start(Script {
            reply: reply(status, body),
            ..Script::default()
        })
        .await
    }

    /// All requests so far, heads and bodies.
    ///
    /// # Panics
    /// After the server itself has panicked.
    pub fn requests(&self) -> Vec<String> {
        self.received.lock().unwrap().clone()
    }

    /// The one request so far.
    ///
    /// # Panics
    /// Unless there was exactly one.
    pub fn only_request(&self) -> String {
        let requests = self.requests();
        assert_eq!(requests.len(), 1, "{requests:?}");
        requests[0].clone()
    }
}

/// A complete response.
pub fn reply(status: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n\r\n{body}").into_bytes()
}

/// The TLS acceptor of a server with this host name, and the certificate to trust.
///
/// # Panics
/// For text that is no host name.
pub fn tls(name: &str) -> (TlsAcceptor, Vec<u8>) {
    let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    let certificate = made.cert.der().clone();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    (TlsAcceptor::from(Arc::new(config)), certificate.to_vec())
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

async fn talk(
    socket: tokio::net::TcpStream,
    script: Script,
    log: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    let mut stream: Box<dyn Stream> = Box::new(socket);
    if let Some(acceptor) = &script.proxy_tls {
        stream = Box::new(acceptor.accept(stream).await?);
    }
    if let Some(login) = script.socks {
        let destination = serve_socks(&mut stream, login).await?;
        log.lock().unwrap().push(destination);
    }
    if script.is_proxy && script.tls.is_some() {
        let mut plain = BufReader::new(stream);
        let request = read_request(&mut plain).await?;
        assert!(request.starts_with("CONNECT "), "{request}");
        log.lock().unwrap().push(request);
        stream = plain.into_inner();
        stream
            .write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")
            .await?;
    }
    if let Some(acceptor) = &script.tls {
        stream = Box::new(acceptor.accept(stream).await?);
    }
    let mut stream = BufReader::new(stream);
    loop {
        let request = read_request(&mut stream).await?;
        log.lock().unwrap().push(request);
        stream.write_all(&script.reply).await?;
        stream.flush().await?;
        match script.then {
            Then::KeepOpen => {}
            Then::HangUp => return stream.shutdown().await,
            Then::Hang => std::future::pending::<()>().await,
            Then::Repeat(bytes, pause_ms) => loop {
                stream.write_all(bytes).await?;
                stream.flush().await?;
                tokio::time::sleep(Duration::from_millis(pause_ms)).await;
            },
        }
    }
}

/// The proxy's part of RFC 1928 and RFC 1929. What the client wants to reach, as `SOCKS host:port`.
async fn serve_socks(
    stream: &mut Box<dyn Stream>,
    login: Option<(&str, &str)>,
) -> std::io::Result<String> {
    assert_eq!(stream.read_u8().await?, 5);
    let methods = read_counted(stream).await?;
    let method = if login.is_some() { 2 } else { 0 };
    assert!(methods.contains(&method), "{methods:?}");
    stream.write_all(&[5, method]).await?;
    stream.flush().await?;
    if let Some((user, password)) = login {
        assert_eq!(stream.read_u8().await?, 1);
        let given = (read_counted(stream).await?, read_counted(stream).await?);
        let right = given == (user.into(), password.into());
        stream.write_all(&[1, u8::from(!right)]).await?;
        stream.flush().await?;
    }
    let mut head = [0; 4];
    stream.read_exact(&mut head).await?;
    assert_eq!(head[..3], [5, 1, 0]);
    let host = match head[3] {
        1 => std::net::Ipv4Addr::from_bits(stream.read_u32().await?).to_string(),
        3 => String::from_utf8(read_counted(stream).await?).unwrap(),
        4 => std::net::Ipv6Addr::from_bits(stream.read_u128().await?).to_string(),
        other => panic!("address type {other}"),
    };
    let port = stream.read_u16().await?;
    stream.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await?;
    stream.flush().await?;
    Ok(format!("SOCKS {host}:{port}"))
}

/// Reads bytes preceded by their count.
async fn read_counted(stream: &mut Box<dyn Stream>) -> std::io::Result<Vec<u8>> {
    let mut bytes = vec![0; stream.read_u8().await?.into()];
    stream.read_exact(&mut bytes).await?;
    Ok(bytes)
}

async fn read_request(stream: &mut BufReader<Box<dyn Stream>>) -> std::io::Result<String> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.parse().unwrap())
    });
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body).await?;
    Ok(head + std::str::from_utf8(&body).unwrap())
}
