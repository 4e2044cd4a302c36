//! [`Process`]: a running `registrar` on a port of its own, and a minimal HTTP client.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::{Value, json};

/// How long anything may take before a test gives up.
const PATIENCE: Duration = Duration::from_secs(60);

/// A folder with a configuration and a database, which outlives the processes that use it.
pub(crate) struct Home {
    folder: tempfile::TempDir,
    config: PathBuf,
}

impl Home {
    /// Registration open for everybody, no limits that a test could run into, cheap hashes.
    pub(crate) fn new() -> Self {
        Self::with(&json!({}))
    }

    /// The same, with some keys replaced.
    pub(crate) fn with(changes: &Value) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let plenty = json!({ "per_second": 1e6, "burst_count": 1e6 });
        let mut config = json!({
            "server_name": "example.org",
            "public_baseurl": "http://localhost/",
            "listeners": [{
                "port": 0, "type": "http", "bind_addresses": ["127.0.0.1"],
                "x_forwarded": true, "resources": [{ "names": ["client"] }],
            }],
            "database": {
                "name": "sqlite3",
                "args": { "database": folder.path().join("accounts.db") },
            },
            "enable_registration": true,
            "enable_registration_without_verification": true,
            "rc_registration": plenty,
            "rc_login": { "address": plenty, "account": plenty, "failed_attempts": plenty },
            "registrar": {
                "hashing": { "memory_kib": 8, "passes": 1 },
                "log": { "format": "json", "filter": "info" },
            },
        });
        for (key, value) in changes.as_object().unwrap() {
            config[key] = value.clone();
        }
        let path = folder.path().join("homeserver.yaml");
        std::fs::write(&path, config.to_string()).unwrap();
        Self {
            folder,
            config: path,
        }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn config(&self) -> &Path {
        &self.config
    }

    pub(crate) fn command(&self, subcommand: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_registrar"));
        command
            .args(subcommand)
            .arg("--config")
            .arg(&self.config)
            .stdin(Stdio::null());
        command
    }

    /// Starts the server and waits until it listens.
    pub(crate) fn start(&self) -> Process {
        self.start_with(&[])
    }

    /// The same, with more environment variables.
    pub(crate) fn start_with(&self, environment: &[(&str, &Path)]) -> Process {
        let mut child = self
            .command(&["serve"])
            .envs(environment.iter().copied())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let log = Arc::new(Mutex::new(String::new()));
        let (found, address) = std::sync::mpsc::channel();
        let reader = std::thread::spawn({
            let log = Arc::clone(&log);
            move || {
                for line in stderr.lines().map_while(Result::ok) {
                    if let Some(address) = listening(&line) {
                        // The test may have stopped waiting.
                        let _gone = found.send(address);
                    }
                    writeln!(log.lock().unwrap(), "{line}").unwrap();
                }
            }
        });
        match address.recv_timeout(PATIENCE) {
            Ok(address) => Process {
                child,
                address,
                log,
                reader: Some(reader),
            },
            Err(_) => {
                let _ended = child.kill();
                panic!("the server did not start:\n{}", log.lock().unwrap());
            }
        }
    }
}

fn listening(line: &str) -> Option<SocketAddr> {
    let event: Value = serde_json::from_str(line).ok()?;
    event["listener.address"].as_str()?.parse().ok()
}

/// A running server; killed when dropped.
pub(crate) struct Process {
    child: Child,
    address: SocketAddr,
    log: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
}

/// An answer.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Value,
    /// The body as it came.
    pub(crate) text: String,
}

impl Process {
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        self.request("POST", path, None, Some(&body.to_string()))
            .unwrap()
    }

    pub(crate) fn get(&self, path: &str, token: &str) -> Answer {
        self.request("GET", path, Some(token), None).unwrap()
    }

    /// One request on one connection.
    pub(crate) fn request(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        body: Option<&str>,
    ) -> std::io::Result<Answer> {
        request(self.address, method, path, token, body)
    }

    /// Kills the server as a power cut would, as far as a process can tell.
    pub(crate) fn kill(mut self) -> String {
        self.child.kill().unwrap();
        self.finish()
    }

    /// Asks the server to stop, and expects that it does so cleanly.
    pub(crate) fn terminate(mut self) -> String {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").arg(pid).status().unwrap().success());
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{status}");
        self.finish()
    }

    /// What it logged so far.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    fn finish(&mut self) -> String {
        self.child.wait().unwrap();
        self.reader.take().unwrap().join().unwrap();
        self.log()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// One request on one connection to `address`.
pub(crate) fn request(
    address: SocketAddr,
    method: &str,
    path: &str,
    token: Option<&str>,
    body: Option<&str>,
) -> std::io::Result<Answer> {
    let mut head = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
    if let Some(token) = token {
        write!(head, "Authorization: Bearer {token}\r\n").unwrap();
    }
    let body = body.unwrap_or_default();
    write!(head, "Content-Length: {}\r\n\r\n", body.len()).unwrap();
    send(address, &[head.as_bytes(), body.as_bytes()].concat())
}

/// Sends bytes and reads the answer.
pub(crate) fn send(address: SocketAddr, bytes: &[u8]) -> std::io::Result<Answer> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(bytes)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let cut_short = || std::io::Error::from(std::io::ErrorKind::UnexpectedEof);
    let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(cut_short)?;
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    let text = unchunked(head, body);
    Ok(Answer {
        status: status.ok_or_else(cut_short)?,
        head: head.to_owned(),
        body: serde_json::from_str(&text).unwrap_or(Value::Null),
        text,
    })
}

fn unchunked(head: &str, body: &str) -> String {
    if !head
        .to_ascii_lowercase()
        .contains("transfer-encoding: chunked")
    {
        return body.to_owned();
    }
    let mut text = String::new();
    let mut rest = body;
    while let Some((size, after)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size.trim(), 16).unwrap_or(0);
        if size == 0 || after.len() < size {
            break;
        }
        text.push_str(&after[..size]);
        rest = after[size..].trim_start_matches("\r\n");
    }
    text
}
