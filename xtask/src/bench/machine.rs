//! The machine: its cores, and whether it has something else to do.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::shell;

/// More running programs than that, on average over the last minute, disturb a measurement.
const BUSY_LOAD: f64 = 0.5;

/// The cores that this process may use, as `taskset` lists them.
pub(super) struct Machine {
    all: String,
    first: String,
    last: String,
}

impl Machine {
    /// # Errors
    /// When there is only one core, or no `taskset` and `setpriv` (of util-linux).
    pub(super) fn look() -> Result<Self> {
        for program in ["taskset", "setpriv"] {
            ensure!(
                shell::find_on_path(program).is_some(),
                "{program} is missing: install util-linux"
            );
        }
        let answer = shell::output(&mut taskset(&["--pid", &own_pid()]))?;
        let (_, all) = answer
            .trim()
            .rsplit_once(": ")
            .context("taskset lists no cores")?;
        let cores = |list: &str| {
            list.split([',', '-'])
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        let (first, last) = match cores(all).as_slice() {
            [first, .., last] => (first.clone(), last.clone()),
            _ => anyhow::bail!("measuring needs two cores: one to answer and one to ask"),
        };
        Ok(Self {
            all: all.to_owned(),
            first,
            last,
        })
    }

    /// All cores.
    pub(super) fn all(&self) -> &str {
        &self.all
    }

    /// The core of a server that gets only one.
    pub(super) fn first(&self) -> &str {
        &self.first
    }

    /// Keeps this thread, which must be the main one, away from the core of the server.
    ///
    /// # Errors
    /// When `taskset` fails.
    pub(super) fn move_to_last(&self) -> Result<OnLast<'_>> {
        shell::output(&mut taskset(&["--pid", &self.last, &own_pid()]))?;
        Ok(OnLast(self))
    }

    /// Says so when other programs keep the machine busy.
    ///
    /// # Errors
    /// When the load cannot be read.
    pub(super) fn warn_if_busy(&self) -> Result<()> {
        let load = std::fs::read_to_string("/proc/loadavg").context("cannot read the load")?;
        let last_minute: f64 = load
            .split(' ')
            .next()
            .unwrap_or_default()
            .parse()
            .context("the load is no number")?;
        // The build before has kept it busy as well, so this may be a false alarm.
        if last_minute > BUSY_LOAD {
            shell::say(format_args!(
                "the machine was busy in the last minute (load {last_minute}): if not with the \
                 build, the ratios will scatter"
            ));
        }
        Ok(())
    }
}

/// Lets this thread run everywhere again when dropped.
pub(super) struct OnLast<'a>(&'a Machine);

impl Drop for OnLast<'_> {
    fn drop(&mut self) {
        if let Err(error) = shell::output(&mut taskset(&["--pid", &self.0.all, &own_pid()])) {
            shell::say(format_args!("{error:#}"));
        }
    }
}

/// Says so when nothing in a folder survives a power cut: then durability costs nothing.
///
/// # Errors
/// When `stat` fails.
pub(super) fn warn_if_volatile(folder: &Path) -> Result<()> {
    let mut stat = shell::command("stat");
    stat.args(["--file-system", "--format=%T"]).arg(folder);
    if shell::output(&mut stat)?.trim() == "tmpfs" {
        shell::say(format_args!(
            "{} is in memory, so writing costs less than on a disk",
            folder.display()
        ));
    }
    Ok(())
}

/// The number of this process, which is also that of its main thread.
fn own_pid() -> String {
    std::process::id().to_string()
}

fn taskset(arguments: &[&str]) -> Command {
    let mut taskset = shell::command("taskset");
    taskset.arg("--cpu-list").args(arguments);
    taskset
}
