//! The programs that are measured, built as they are released.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::shell;

pub(super) struct Programs {
    target: PathBuf,
}

impl Default for Programs {
    fn default() -> Self {
        Self {
            target: shell::target(),
        }
    }
}

impl Programs {
    /// Builds them.
    ///
    /// # Errors
    /// When a build fails.
    pub(super) fn build(&self) -> Result<()> {
        // By itself, or the features that examples need would go into the server as well.
        let server = ["--package", "registrar-server"];
        shell::run(shell::cargo().args(["build", "--release"]).args(server))?;
        for (package, example) in [
            ("registrar-http-hyper", "hello"),
            ("registrar-domain", "hash_rate"),
        ] {
            let example = ["--package", package, "--example", example];
            shell::run(shell::cargo().args(["build", "--release"]).args(example))?;
        }
        Ok(())
    }

    /// The folder of everything that is built.
    pub(super) fn target(&self) -> &Path {
        &self.target
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
