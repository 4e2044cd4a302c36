//! `registrar.console`: where `registrar admin` reaches the running server.

use std::io;
use std::os::unix::net::SocketAddr;
use std::path::{Path, PathBuf};

use registrar_storage_diesel::Backend;

use super::Config;
use super::keys::keys;

keys! {
    /// `registrar.console`.
    pub(crate) struct ConsoleKeys {
        /// Whether the running server answers `registrar admin`.
        enabled: bool = "true",
        /// The Unix socket for that, which only the user who runs the server, and root, can open.
        /// Default: the path of the SQLite database with `.sock` after it; none with PostgreSQL, which
        /// `registrar admin` opens by itself.
        socket: Option<PathBuf>,
    }
}

/// `registrar.console`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Console {
    /// `enabled`.
    pub enabled: bool,
    /// `socket`; `None`: beside the SQLite database.
    pub socket: Option<PathBuf>,
}

impl Console {
    pub(crate) fn read(keys: &ConsoleKeys) -> Self {
        if let Some(path) = &*keys.socket {
            keys.socket.at.accept(check_socket_path(path));
        }
        Self {
            enabled: *keys.enabled,
            socket: keys.socket.clone(),
        }
    }
}

impl Config {
    /// Where a server with this configuration has its console, if it has one: at
    /// `registrar.console.socket`, or else beside the SQLite database. PostgreSQL needs none, since the
    /// command can open it beside any number of servers.
    pub fn console_socket(&self) -> Option<PathBuf> {
        if !self.console.enabled {
            return None;
        }
        let beside = || match &self.database.backend {
            Backend::Sqlite { path } => Some(beside(path)),
            Backend::Postgres(_) => None,
        };
        self.console.socket.clone().or_else(beside)
    }
}

/// Beside the file itself, whatever symbolic links lead to it.
fn beside(database: &Path) -> PathBuf {
    let absolute = std::path::absolute(database).unwrap_or_else(|_| database.to_owned());
    let mut path = absolute.canonicalize().unwrap_or(absolute).into_os_string();
    path.push(".sock");
    path.into()
}

/// Can a socket have this path?
///
/// # Errors
/// It cannot: it is too long, for one.
pub fn check_socket_path(path: &Path) -> io::Result<()> {
    SocketAddr::from_pathname(path)
        .map(|_| ())
        .map_err(|error| {
            let length = path.as_os_str().len();
            let message = format!(
                "no socket can have the path {}, which is {length} bytes long ({error}): choose a \
             shorter one with `registrar.console.socket`",
                path.display()
            );
            io::Error::new(io::ErrorKind::InvalidInput, message)
        })
}
