//! Opening the sockets of the configured listeners, all of them before anything is served.

use std::net::SocketAddr;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use tokio::net::{TcpListener, TcpSocket, UnixListener};

use crate::config::ListenAddress;

/// Connections that may wait to be accepted.
const BACKLOG: u32 = 1024;

/// The sockets of one listener.
pub(crate) enum Sockets {
    /// TCP ports.
    Tcp(Vec<TcpListener>),
    /// A Unix socket; its file is removed when this is dropped.
    Unix(UnixListener, SocketFile),
}

/// The file of a Unix socket, removed when dropped.
pub(crate) struct SocketFile(PathBuf);

impl Drop for SocketFile {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.0) {
            tracing::debug!(%error, path = %self.0.display(), "the socket file was gone already");
        }
    }
}

/// Opens the sockets of a listener. Needs a running runtime.
///
/// # Errors
/// The first address that cannot be listened on, by name.
pub(crate) fn open(address: &ListenAddress) -> anyhow::Result<Sockets> {
    match address {
        ListenAddress::Tcp(addresses) => {
            let listeners = addresses.iter().map(|address| tcp(*address));
            Ok(Sockets::Tcp(listeners.collect::<Result<_, _>>()?))
        }
        ListenAddress::Unix { path, mode } => {
            let listener = unix(path, *mode)
                .with_context(|| format!("cannot listen on {}", path.display()))?;
            Ok(Sockets::Unix(listener, SocketFile(path.clone())))
        }
    }
}

fn tcp(address: SocketAddr) -> anyhow::Result<TcpListener> {
    let open = || {
        let socket = if address.is_ipv4() {
            TcpSocket::new_v4()?
        } else {
            TcpSocket::new_v6()?
        };
        if address.is_ipv6() {
            // `::` and `0.0.0.0` are listened on separately, so the one must not take the other.
            rustix::net::sockopt::set_ipv6_v6only(&socket, true)?;
        }
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(BACKLOG)
    };
    open().with_context(|| format!("cannot listen on {address}"))
}

fn unix(path: &Path, mode: u32) -> anyhow::Result<UnixListener> {
    if let Ok(found) = std::fs::symlink_metadata(path) {
        if !found.file_type().is_socket() {
            bail!("there is a file that is not a socket");
        }
        // A server that was killed leaves its file behind; one that runs answers.
        if std::os::unix::net::UnixStream::connect(path).is_ok() {
            bail!("another server listens there");
        }
        std::fs::remove_file(path).context("cannot remove the socket of a server that is gone")?;
    }
    let listener = UnixListener::bind(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))
        .context("cannot set the permissions of the socket")?;
    Ok(listener)
}
