//! The programs that are measured, built as they are released.

use std::path::PathBuf;

pub(super) struct Programs {
    target: PathBuf,
}

impl Programs {
    /// Those that were built into this folder.
    pub(super) fn of(target: PathBuf) -> Self {
        Self { target }
    }

    /// The server.
    pub(super) fn registrar(&self) -> PathBuf {
        self.target.join("release/registrar")
    }

    /// A server that does nothing.
    pub(super) fn hello(&self) -> PathBuf {
        self.target.join("release/examples/hello")
    }

    /// Hashes passwords and tells how fast.
    pub(super) fn hash_rate(&self) -> PathBuf {
        self.target.join("release/examples/hash_rate")
    }
}
