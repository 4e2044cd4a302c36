//! Installing Debian's package `postgresql`, without the cluster that it would make and start.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use crate::{apt, shell};

/// Tells Debian's packages whether a new version gets a cluster.
const CREATE_CLUSTER: &str = "/etc/postgresql-common/createcluster.conf";

pub(super) fn with_apt() -> Result<()> {
    shell::say("installing PostgreSQL for the tests");
    apt::update()?;
    // The file below belongs to this package, which is why it goes first.
    apt::install("postgresql-common")?;
    let original =
        fs::read(CREATE_CLUSTER).with_context(|| format!("cannot read {CREATE_CLUSTER}"))?;
    let _restore = Restore {
        file: Path::new(CREATE_CLUSTER),
        original: &original,
    };
    fs::write(CREATE_CLUSTER, "create_main_cluster = false\n")
        .with_context(|| format!("cannot write {CREATE_CLUSTER}"))?;
    apt::install("postgresql")
}

/// Puts a file back as it was, whatever happens in between.
struct Restore<'a> {
    file: &'a Path,
    original: &'a [u8],
}

impl Drop for Restore<'_> {
    fn drop(&mut self) {
        if let Err(error) = fs::write(self.file, self.original) {
            shell::say(format_args!(
                "cannot restore {}: {error}",
                self.file.display()
            ));
        }
    }
}
