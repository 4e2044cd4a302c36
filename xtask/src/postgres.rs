//! PostgreSQL for tests and measurements: found on this machine or installed, and run as a cluster of
//! our own that nothing else can reach and that leaves nothing behind.

mod cluster;
mod find;
mod install;
mod user;

pub(crate) use cluster::{Cluster, Durability};

use anyhow::{Context as _, Result, bail};

use self::find::Programs;
use crate::apt;

/// May packages be installed?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Install {
    /// If this user may, and the system is Debian's kind.
    IfRoot,
    Never,
}

/// PostgreSQL's programs; installs them if they are missing and that is allowed.
///
/// # Errors
/// When there are none.
pub(crate) fn find_or_install(install: Install) -> Result<Programs> {
    if let Some(programs) = find::programs() {
        return Ok(programs);
    }
    const MISSING: &str = "there are no PostgreSQL server programs on this machine";
    if install == Install::Never {
        bail!("{MISSING}, and installing was forbidden");
    }
    if !apt::is_possible()? {
        bail!("{MISSING} (only root can install them, with apt-get)");
    }
    install::with_apt().context("cannot install PostgreSQL")?;
    find::programs().context("PostgreSQL was installed, but its programs are not to be found")
}
