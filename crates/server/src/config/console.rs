//! `registrar.console`: where `registrar admin` reaches the running server.

use std::path::PathBuf;

use super::key::{Key, Kind};
use super::section::Section;

pub(super) const KEYS: &[Key] = &[
    Key::new(
        "enabled",
        Kind::Flag,
        "Does the running server answer `registrar admin`?",
    )
    .or("true"),
    Key::new(
        "socket",
        Kind::Text,
        "The Unix socket for that, which only the user who runs the server, and root, can open. \
         Default: the path of the SQLite database with `.sock` after it; none with PostgreSQL, \
         which `registrar admin` opens by itself.",
    ),
];

/// `registrar.console`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Console {
    /// `enabled`.
    pub(crate) enabled: bool,
    /// `socket`; `None`: beside the SQLite database.
    pub(crate) socket: Option<PathBuf>,
}

impl Console {
    pub(super) fn read(section: &Section<'_>) -> Self {
        let socket = section.path("socket");
        let socket = socket.and_then(|path| {
            let usable = crate::console::check_path(&path).map(|()| path);
            section.accept("socket", usable)
        });
        Self {
            enabled: section.flag("enabled"),
            socket,
        }
    }
}
