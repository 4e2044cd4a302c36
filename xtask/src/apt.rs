//! Debian's packages, for machines that were made a minute ago. Only root installs anything.

use anyhow::Result;

use crate::shell;

/// May this user install packages here?
///
/// # Errors
/// When that cannot be found out.
pub(crate) fn is_possible() -> Result<bool> {
    Ok(shell::find_on_path("apt-get").is_some() && shell::is_root()?)
}

/// Fetches the list of packages.
///
/// # Errors
/// When apt-get fails.
pub(crate) fn update() -> Result<()> {
    apt_get(&["update"])
}

/// Installs a package and what it cannot do without.
///
/// # Errors
/// When apt-get fails.
pub(crate) fn install(package: &str) -> Result<()> {
    apt_get(&["install", "--yes", "--no-install-recommends", package])
}

fn apt_get(args: &[&str]) -> Result<()> {
    let mut apt_get = shell::command("apt-get");
    shell::run(
        apt_get
            .arg("--quiet")
            .args(args)
            .env("DEBIAN_FRONTEND", "noninteractive"),
    )
}
