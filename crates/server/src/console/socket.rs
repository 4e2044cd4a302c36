//! The server's side of the socket.
//!
//! A connection carries one [`Envelope`] as JSON, ended by closing that direction, and one
//! [`Reply`] back.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::pin::pin;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use registrar_config::Config;
use rustix::process::geteuid;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::{Desk, Request};
use crate::listen::{self, SocketFile};

/// Only the owner of the database may do what the console can.
const MODE: u32 = 0o600;
/// The longest request, in bytes.
const MAX_REQUEST_BYTES: u64 = 64 * 1024;
/// Connections at the same time; further ones wait in the queue of the operating system.
const MAX_CONNECTIONS: usize = 8;
/// How long sending a request, or taking the answer, may take.
const TRANSFER_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the work may take. It includes one password hash at most.
pub(super) const WORK_TIMEOUT: Duration = Duration::from_secs(60);
/// How long to wait after a connection could not be accepted, for want of file descriptors say.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// What goes over the socket.
#[derive(Serialize, Deserialize)]
pub(super) struct Envelope {
    /// The version of the program that asks. The request is read only if it is the server's own.
    pub(super) version: String,
    /// A [`Request`].
    pub(super) request: Value,
}

/// What comes back.
#[derive(Serialize, Deserialize)]
pub(super) enum Reply {
    /// To be printed.
    Answer(String),
    /// Why nothing was done.
    Refusal(String),
}

/// An open console.
pub(crate) struct Listening {
    listener: UnixListener,
    file: SocketFile,
}

/// Opens the console, if there shall be one. Needs a running runtime, and a process that does nothing
/// else with files meanwhile.
///
/// # Errors
/// The path that the operator chose cannot be used. If they chose none, the server goes without.
pub(crate) fn open(config: &Config) -> anyhow::Result<Option<Listening>> {
    let Some(path) = config.console_socket() else {
        return Ok(None);
    };
    match listen_at(&path) {
        Ok(listening) => {
            tracing::info!(console.socket = %path.display(), "admin console listening");
            Ok(Some(listening))
        }
        Err(error) if config.console.socket.is_none() => {
            let error = format!("{error:#}");
            tracing::warn!(error, "admin console not available while the server runs");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn listen_at(path: &Path) -> anyhow::Result<Listening> {
    registrar_config::check_socket_path(path)?;
    let (listener, file) = listen::unix(path, MODE)
        .with_context(|| format!("cannot open the console at {}", path.display()))?;
    let found = std::fs::symlink_metadata(path)
        .with_context(|| format!("cannot look at {}", path.display()))?;
    ensure!(
        found.uid() == geteuid().as_raw() && found.mode() & 0o777 == MODE,
        "the file system does not keep owner and permissions of {}",
        path.display()
    );
    Ok(Listening { listener, file })
}

/// Answers until `stop` completes. Requests that were read are finished.
pub(crate) async fn serve(listening: Listening, desk: Desk, stop: impl Future<Output = ()>) {
    let Listening { listener, file } = listening;
    let mut stop = pin!(stop);
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            () = &mut stop => break,
            Some(ended) = connections.join_next() => report(ended),
            accepted = listener.accept(), if connections.len() < MAX_CONNECTIONS => match accepted {
                Ok((stream, _)) => {
                    let desk = desk.clone();
                    connections.spawn(async move { converse(stream, &desk).await });
                }
                Err(error) => {
                    tracing::warn!(%error, "the console could not take a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    // Before the database is closed, so that the file of the next server is not removed.
    drop((listener, file));
    while let Some(ended) = connections.join_next().await {
        report(ended);
    }
}

fn report(ended: Result<anyhow::Result<()>, tokio::task::JoinError>) {
    let error = match ended {
        Ok(Ok(())) => return,
        Ok(Err(error)) => error,
        Err(error) => error.into(),
    };
    let error = format!("{error:#}");
    tracing::warn!(error, "a connection to the console failed");
}

async fn converse(mut stream: UnixStream, desk: &Desk) -> anyhow::Result<()> {
    let peer = stream
        .peer_cred()
        .context("cannot determine the peer of the socket")?
        .uid();
    if peer != geteuid().as_raw() && peer != 0 {
        bail!("user {peer} may not use the console");
    }
    let mut bytes = Vec::new();
    let mut limited = (&mut stream).take(MAX_REQUEST_BYTES + 1);
    timeout(TRANSFER_TIMEOUT, limited.read_to_end(&mut bytes))
        .await
        .context("the request did not come in time")?
        .context("cannot read the request")?;
    let outcome = timeout(WORK_TIMEOUT, answer(desk, &bytes)).await;
    let reply = match outcome {
        Ok(Ok(answer)) => Reply::Answer(answer),
        Ok(Err(error)) => Reply::Refusal(format!("{error:#}")),
        Err(_) => Reply::Refusal("the server did not finish in time".to_owned()),
    };
    let reply = serde_json::to_vec(&reply)?;
    let written = async {
        stream.write_all(&reply).await?;
        stream.shutdown().await
    };
    timeout(TRANSFER_TIMEOUT, written)
        .await
        .context("the answer was not taken in time")?
        .context("cannot write the answer")
}

async fn answer(desk: &Desk, bytes: &[u8]) -> anyhow::Result<String> {
    // What was sent may be a password, so no error repeats it.
    let unreadable = "the console cannot read the request";
    ensure!(bytes.len() as u64 <= MAX_REQUEST_BYTES, unreadable);
    let Ok(envelope) = serde_json::from_slice::<Envelope>(bytes) else {
        bail!(unreadable);
    };
    ensure!(
        envelope.version == env!("CARGO_PKG_VERSION"),
        "the running server has version {}, and this program {}: use the same one",
        env!("CARGO_PKG_VERSION"),
        envelope.version,
    );
    let Ok(request) = serde_json::from_value::<Request>(envelope.request) else {
        bail!(unreadable);
    };
    desk.answer(&request).await
}
