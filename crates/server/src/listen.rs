//! Opening the sockets of the configured listeners, all of them before anything is served.

use std::collections::HashSet;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use registrar_config::ListenAddress;
use rustix::fs::Mode;
use rustix::process::umask;
use tokio::net::{TcpListener, TcpSocket, UnixListener};

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
pub(crate) struct SocketFile {
    path: PathBuf,
    /// A server that has come in the meantime may listen at the same path.
    identity: Identity,
}

impl SocketFile {
    fn of(path: &Path) -> io::Result<Self> {
        Ok(Self {
            path: path.to_owned(),
            identity: identity(path)?,
        })
    }
}

/// Which file it is: its device, its inode, which the file system may use again at once, and when it
/// was made, in seconds and nanoseconds.
type Identity = (u64, u64, i64, i64);

fn identity(path: &Path) -> io::Result<Identity> {
    let file = std::fs::symlink_metadata(path)?;
    Ok((file.dev(), file.ino(), file.mtime(), file.mtime_nsec()))
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        let removed = match identity(&self.path) {
            Ok(found) if found == self.identity => std::fs::remove_file(&self.path),
            Ok(_) => Ok(()),
            Err(error) => Err(error),
        };
        if let Err(error) = removed {
            tracing::debug!(%error, path = %self.path.display(), "the socket file was gone already");
        }
    }
}

/// Opens the sockets of all listeners. Needs a running runtime.
///
/// # Errors
/// The first address that cannot be listened on, by name.
pub(crate) fn open_all<'a>(
    addresses: impl Iterator<Item = &'a ListenAddress> + Clone,
) -> anyhow::Result<Vec<Sockets>> {
    let ipv4_ports: HashSet<u16> = addresses
        .clone()
        .flat_map(|address| match address {
            ListenAddress::Tcp(addresses) => &addresses[..],
            ListenAddress::Unix { .. } => &[],
        })
        .filter(|address| address.is_ipv4())
        .map(SocketAddr::port)
        .collect();
    addresses
        .map(|address| match address {
            ListenAddress::Tcp(addresses) => Ok(Sockets::Tcp(open_tcp(addresses, &ipv4_ports)?)),
            ListenAddress::Unix { path, mode } => {
                let (listener, file) = unix(path, *mode)
                    .with_context(|| format!("cannot listen on {}", path.display()))?;
                Ok(Sockets::Unix(listener, file))
            }
        })
        .collect()
}

/// Whose connections a socket takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    /// Those of its own family.
    OneFamily,
    /// Those of IPv4 clients too, as a socket on `::` does where nothing else is asked for.
    BothFamilies,
}

impl Reach {
    /// A socket on `::` leaves IPv4 to a socket beside it.
    fn of(address: SocketAddr, ipv4_ports: &HashSet<u16>) -> Self {
        let is_any = address.is_ipv6() && address.ip().is_unspecified();
        if is_any && !ipv4_ports.contains(&address.port()) {
            Self::BothFamilies
        } else {
            Self::OneFamily
        }
    }
}

/// Listens on all addresses of a listener. A family that this machine lacks is passed over if there
/// is another one.
fn open_tcp(
    addresses: &[SocketAddr],
    ipv4_ports: &HashSet<u16>,
) -> anyhow::Result<Vec<TcpListener>> {
    let mut listeners = Vec::new();
    let mut passed_over = None;
    for address in addresses {
        let reach = Reach::of(*address, ipv4_ports);
        let named = || format!("cannot listen on {address}");
        let is_alone = || {
            addresses
                .iter()
                .all(|other| other.is_ipv4() == address.is_ipv4())
        };
        match tcp(*address, reach) {
            Ok(listener) => listeners.push(listener),
            Err(error) if !lacks_family(&error, *address) => return Err(error).with_context(named),
            Err(error) if reach == Reach::BothFamilies => {
                tracing::warn!(%error, %address, "IPv6 is not available, listening on IPv4 only");
                let ipv4 = SocketAddr::from((Ipv4Addr::UNSPECIFIED, address.port()));
                listeners.push(tcp(ipv4, Reach::OneFamily).with_context(named)?);
            }
            Err(error) if is_alone() => return Err(error).with_context(named),
            Err(error) => {
                tracing::warn!(%error, %address, "not listening on this address: its address family is not available");
                passed_over = Some(Err(error).with_context(named));
            }
        }
    }
    match passed_over {
        Some(error) if listeners.is_empty() => error,
        _ => Ok(listeners),
    }
}

/// Does the machine lack the family of an address? Other addresses may be wrong for other reasons.
fn lacks_family(error: &io::Error, address: SocketAddr) -> bool {
    match rustix::io::Errno::from_io_error(error) {
        Some(rustix::io::Errno::AFNOSUPPORT) => true,
        Some(rustix::io::Errno::ADDRNOTAVAIL) => {
            address.ip().is_loopback() || address.ip().is_unspecified()
        }
        _ => false,
    }
}

fn tcp(address: SocketAddr, reach: Reach) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    if address.is_ipv6() {
        // Said either way, since the system's default is the administrator's.
        rustix::net::sockopt::set_ipv6_v6only(&socket, reach == Reach::OneFamily)?;
    }
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Opens a Unix socket with these permissions, in place of one whose server is gone.
///
/// # Errors
/// The path cannot be used, or somebody listens there.
pub(crate) fn unix(path: &Path, mode: u32) -> anyhow::Result<(UnixListener, SocketFile)> {
    if let Ok(found) = std::fs::symlink_metadata(path) {
        if !found.file_type().is_socket() {
            bail!("the file is not a socket");
        }
        // A server that was killed leaves its file behind; one that runs answers.
        if std::os::unix::net::UnixStream::connect(path).is_ok() {
            bail!("another server is listening on it");
        }
        std::fs::remove_file(path).context("cannot remove the socket of a server that is gone")?;
    }
    // Nobody else may connect in the moment before the permissions are set.
    let before = umask(Mode::from_raw_mode(0o777 & !mode));
    let bound = UnixListener::bind(path);
    umask(before);
    let listener = bound?;
    let file = SocketFile::of(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))
        .context("cannot set the permissions of the socket")?;
    Ok((listener, file))
}

#[cfg(test)]
mod tests;
