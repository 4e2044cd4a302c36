//! A mail server that does what a script says and keeps what it gets.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio_rustls::TlsAcceptor;

/// How the server behaves.
#[derive(Clone, Default)]
pub(crate) struct Script {
    /// Lines of the EHLO answer besides STARTTLS and AUTH.
    pub(crate) extensions: Vec<&'static str>,
    /// Offers STARTTLS and can carry it out.
    pub(crate) starttls: Option<TlsAcceptor>,
    /// What follows the reply to STARTTLS in the same packet, not encrypted.
    pub(crate) after_starttls: &'static str,
    /// TLS from the first byte.
    pub(crate) implicit_tls: Option<TlsAcceptor>,
    /// Wants this login, by this mechanism.
    pub(crate) login: Option<Login>,
    /// Offers the login only once the connection is encrypted.
    pub(crate) login_only_encrypted: bool,
    /// Answers other than the usual ones: the beginning of a command, and the reply to it.
    pub(crate) replies: Vec<(&'static str, &'static str)>,
    /// Never answers this command again. `.` is the end of a mail.
    pub(crate) hang_at: Option<&'static str>,
    /// Answers this command with these bytes over and over, instead of the usual reply, until the
    /// client has enough.
    pub(crate) flood_at: Option<(&'static str, &'static [u8])>,
    /// Lets so much time go by between two bytes of such an answer.
    pub(crate) drip: Option<Duration>,
    /// Hangs on its first connection only.
    pub(crate) hang_once: bool,
    /// Hangs up after each mail.
    pub(crate) one_mail_a_connection: bool,
}

#[derive(Clone, Copy)]
pub(crate) struct Login {
    pub(crate) mechanism: &'static str,
    /// The lines that the client has to send, in base64 as they are on the wire.
    pub(crate) answers: &'static [&'static str],
}

/// What arrived.
#[derive(Clone, Default)]
pub(crate) struct Received {
    pub(crate) connections: usize,
    /// Every command line, without the line end.
    pub(crate) commands: Vec<String>,
    pub(crate) mails: Vec<ReceivedMail>,
}

#[derive(Clone)]
pub(crate) struct ReceivedMail {
    /// As on the wire, without the final dot.
    pub(crate) data: String,
    pub(crate) encrypted: bool,
}

pub(crate) struct Sink {
    pub(crate) port: u16,
    received: Arc<Mutex<Received>>,
    hanging: Arc<Notify>,
}

impl Sink {
    pub(crate) async fn start(script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let received = Arc::new(Mutex::new(Received::default()));
        let log = Arc::clone(&received);
        let hanging = Arc::new(Notify::new());
        let hangs = Arc::clone(&hanging);
        tokio::spawn(async move {
            loop {
                let (socket, _) = listener.accept().await.unwrap();
                log.lock().unwrap().connections += 1;
                let mut script = script.clone();
                if script.hang_once && log.lock().unwrap().connections > 1 {
                    script.hang_at = None;
                }
                let mut session = Session {
                    script,
                    log: Arc::clone(&log),
                    hangs: Arc::clone(&hangs),
                    encrypted: false,
                    greet: true,
                };
                tokio::spawn(async move {
                    let mut stream: Box<dyn Stream> = Box::new(socket);
                    if let Some(acceptor) = session.script.implicit_tls.clone() {
                        session.encrypted = true;
                        let Ok(encrypted) = acceptor.accept(stream).await else {
                            return;
                        };
                        stream = Box::new(encrypted);
                    }
                    // A client may hang up whenever it likes.
                    while let Ok(Some(plain)) = session.talk(stream).await {
                        let acceptor = session.script.starttls.clone().unwrap();
                        session.encrypted = true;
                        session.greet = false;
                        let Ok(encrypted) = acceptor.accept(plain).await else {
                            return;
                        };
                        stream = Box::new(encrypted);
                    }
                });
            }
        });
        Self {
            port,
            received,
            hanging,
        }
    }

    /// Returns when a session has come to the point where it hangs.
    pub(crate) async fn hangs(&self) {
        self.hanging.notified().await;
    }

    pub(crate) fn received(&self) -> Received {
        self.received.lock().unwrap().clone()
    }

    pub(crate) fn only_mail(&self) -> ReceivedMail {
        let received = self.received();
        assert_eq!(received.mails.len(), 1);
        received.mails[0].clone()
    }
}

pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

struct Session {
    script: Script,
    log: Arc<Mutex<Received>>,
    hangs: Arc<Notify>,
    encrypted: bool,
    greet: bool,
}

impl Session {
    /// Serves a connection to its end, or until it is to be encrypted.
    async fn talk(&mut self, stream: Box<dyn Stream>) -> std::io::Result<Option<Box<dyn Stream>>> {
        let mut stream = BufReader::new(stream);
        if self.greet {
            self.hang("connect").await;
            self.flood("connect", &mut stream).await?;
            let greeting = self.reply_to("connect").unwrap_or("220 sink ESMTP");
            stream
                .write_all(format!("{greeting}\r\n").as_bytes())
                .await?;
        }
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await? == 0 {
                return Ok(None);
            }
            let command = line.trim_end_matches("\r\n").to_owned();
            self.log.lock().unwrap().commands.push(command.clone());
            let verb = command.split(' ').next().unwrap().to_uppercase();
            self.hang(&verb).await;
            self.flood(&verb, &mut stream).await?;
            if let Some(reply) = self.reply_to(&command) {
                stream.write_all(format!("{reply}\r\n").as_bytes()).await?;
                continue;
            }
            match verb.as_str() {
                "EHLO" => stream.write_all(self.capabilities().as_bytes()).await?,
                "STARTTLS" => {
                    let injected = self.script.after_starttls;
                    let reply = format!("220 go ahead\r\n{injected}");
                    stream.write_all(reply.as_bytes()).await?;
                    return Ok(Some(stream.into_inner()));
                }
                "AUTH" => self.log_in(&command, &mut stream).await?,
                "DATA" => {
                    stream.write_all(b"354 go ahead\r\n").await?;
                    self.take_mail(&mut stream).await?;
                    if self.script.one_mail_a_connection {
                        return Ok(None);
                    }
                }
                "QUIT" => {
                    stream.write_all(b"221 bye\r\n").await?;
                    return Ok(None);
                }
                _ => stream.write_all(b"250 fine\r\n").await?,
            }
        }
    }

    async fn take_mail(&self, stream: &mut BufReader<Box<dyn Stream>>) -> std::io::Result<()> {
        let mut data = String::new();
        while !data.ends_with("\r\n.\r\n") {
            if stream.read_line(&mut data).await? == 0 {
                return Ok(());
            }
        }
        self.hang(".").await;
        self.flood(".", stream).await?;
        data.truncate(data.len() - ".\r\n".len());
        let reply = self.reply_to(".").unwrap_or("250 queued");
        let mail = ReceivedMail {
            data,
            encrypted: self.encrypted,
        };
        self.log.lock().unwrap().mails.push(mail);
        stream.write_all(format!("{reply}\r\n").as_bytes()).await
    }

    async fn log_in(
        &self,
        command: &str,
        stream: &mut BufReader<Box<dyn Stream>>,
    ) -> std::io::Result<()> {
        let Login { mechanism, answers } = self.script.login.unwrap();
        let mut given: Vec<String> = Vec::new();
        given.extend(command.split(' ').nth(2).map(str::to_owned));
        while given.len() < answers.len() {
            // "Username:" and "Password:" are what everybody asks.
            let challenge = ["334 VXNlcm5hbWU6\r\n", "334 UGFzc3dvcmQ6\r\n"][given.len()];
            stream.write_all(challenge.as_bytes()).await?;
            let mut line = String::new();
            stream.read_line(&mut line).await?;
            given.push(line.trim_end().to_owned());
        }
        let right = command.split(' ').nth(1) == Some(mechanism) && given == answers;
        let reply: &[u8] = if right {
            b"235 welcome\r\n"
        } else {
            b"535 wrong\r\n"
        };
        stream.write_all(reply).await
    }

    fn capabilities(&self) -> String {
        let mut lines = vec!["sink".to_owned()];
        lines.extend(self.script.extensions.iter().map(|e| (*e).to_owned()));
        if self.script.starttls.is_some() && !self.encrypted {
            lines.push("STARTTLS".to_owned());
        }
        lines.extend(
            self.script
                .login
                .filter(|_| self.encrypted || !self.script.login_only_encrypted)
                .map(|login| format!("AUTH {}", login.mechanism)),
        );
        let last = lines.pop().unwrap();
        let mut text: String = lines.iter().map(|line| format!("250-{line}\r\n")).collect();
        text.push_str(&format!("250 {last}\r\n"));
        text
    }

    fn reply_to(&self, command: &str) -> Option<&'static str> {
        let replies = &self.script.replies;
        replies
            .iter()
            .find(|(start, _)| command.starts_with(start))
            .map(|(_, reply)| *reply)
    }

    async fn flood(
        &self,
        verb: &str,
        stream: &mut BufReader<Box<dyn Stream>>,
    ) -> std::io::Result<()> {
        let Some((at, bytes)) = self.script.flood_at else {
            return Ok(());
        };
        if verb != at {
            return Ok(());
        }
        loop {
            let Some(pause) = self.script.drip else {
                stream.write_all(bytes).await?;
                continue;
            };
            for byte in bytes {
                stream.write_u8(*byte).await?;
                stream.flush().await?;
                tokio::time::sleep(pause).await;
            }
        }
    }

    async fn hang(&self, verb: &str) {
        if self.script.hang_at == Some(verb) {
            self.hangs.notify_one();
            std::future::pending::<()>().await;
        }
    }
}
