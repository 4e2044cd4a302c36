//! The side of `registrar admin`: asking a running server.

use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use registrar_config::Config;
use rustix::process::geteuid;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio::time::timeout;

use super::Request;
use super::socket::{Envelope, Reply, WORK_TIMEOUT};

/// How long the server may take, with what it waits for itself.
const PATIENCE: Duration = WORK_TIMEOUT.saturating_add(Duration::from_secs(30));
/// The longest answer, in bytes: the longest list of accounts with the longest names.
const MAX_REPLY_BYTES: u64 = 64 * 1024 * 1024;

/// Has the running server do it. `None`: no server listens there.
///
/// # Errors
/// What the server says if nothing was done, or why it could not be asked.
pub(crate) async fn ask(config: &Config, request: &Request) -> anyhow::Result<Option<String>> {
    let Some(path) = config.console_socket() else {
        return Ok(None);
    };
    // A server cannot listen there either.
    if registrar_config::check_socket_path(&path).is_err() {
        return Ok(None);
    }
    let stream = match UnixStream::connect(&path).await {
        Ok(stream) => stream,
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::NotFound | ErrorKind::ConnectionRefused
            ) =>
        {
            return Ok(None);
        }
        Err(error) if error.kind() == ErrorKind::PermissionDenied => bail!(
            "the console of the running server at {} is for the user who runs it, and for root: \
             become that user, for example with `sudo -u`",
            path.display()
        ),
        Err(error) => {
            return Err(error)
                .with_context(|| format!("cannot reach the server at {}", path.display()));
        }
    };
    check_owner(&stream, &path)?;
    let exchanged = timeout(PATIENCE, exchange(stream, request)).await;
    let exchanged = exchanged.context("the running server did not answer in time")?;
    match exchanged.context("the running server did not answer")? {
        Reply::Answer(answer) => Ok(Some(answer)),
        Reply::Refusal(reason) => bail!(reason),
    }
}

/// Is it the server that listens there? A request may hold a password.
fn check_owner(stream: &UnixStream, path: &Path) -> anyhow::Result<()> {
    let server = stream
        .peer_cred()
        .context("cannot determine the owner of the socket")?
        .uid();
    let folder = path.parent().and_then(|folder| folder.metadata().ok());
    let owner = folder.map(|folder| folder.uid());
    ensure!(
        server == 0 || server == geteuid().as_raw() || Some(server) == owner,
        "{} belongs to user {server}, who is neither you nor the owner of the folder",
        path.display()
    );
    Ok(())
}

async fn exchange(mut stream: UnixStream, request: &Request) -> anyhow::Result<Reply> {
    let envelope = Envelope {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        request: serde_json::to_value(request)?,
    };
    stream.write_all(&serde_json::to_vec(&envelope)?).await?;
    stream.shutdown().await?;
    let mut reply = Vec::new();
    stream.take(MAX_REPLY_BYTES).read_to_end(&mut reply).await?;
    Ok(serde_json::from_slice(&reply)?)
}
