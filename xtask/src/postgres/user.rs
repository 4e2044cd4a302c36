//! Who the cluster runs as: PostgreSQL refuses root.

use std::ffi::OsStr;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::shell;

/// Users that may run the cluster on root's behalf, the first that exists.
const STAND_INS: [&str; 2] = ["postgres", "nobody"];

/// Who runs the cluster's programs.
#[derive(Clone, Copy, Debug)]
pub(super) enum User {
    /// The user who runs this.
    Same,
    /// Somebody else, since root may not.
    Other { uid: u32, gid: u32 },
}

impl User {
    pub(super) fn choose() -> Result<Self> {
        if !shell::is_root()? {
            return Ok(Self::Same);
        }
        let stand_in = STAND_INS.iter().find_map(|name| {
            Some(Self::Other {
                uid: id("--user", name).ok()?,
                gid: id("--group", name).ok()?,
            })
        });
        stand_in.context("root may not run PostgreSQL, and there is no user to do it instead")
    }

    /// A program that will run as this user, in `folder`.
    pub(super) fn command(self, program: impl AsRef<OsStr>, folder: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(folder).env("LC_ALL", "C");
        if let Self::Other { uid, gid } = self {
            command.uid(uid).gid(gid);
        }
        command
    }

    /// Gives a folder to this user.
    pub(super) fn own(self, folder: &Path) -> Result<()> {
        if let Self::Other { uid, gid } = self {
            std::os::unix::fs::chown(folder, Some(uid), Some(gid))
                .with_context(|| format!("cannot give {} away", folder.display()))?;
        }
        Ok(())
    }
}

fn id(what: &str, name: &str) -> Result<u32> {
    number(shell::command("id").args([what, name]))
}

fn number(command: &mut Command) -> Result<u32> {
    shell::output(command)?
        .trim()
        .parse()
        .context("id wrote no number")
}
