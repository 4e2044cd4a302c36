//! The machine: its cores, and whether it has something else to do.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use procfs::{Current as _, LoadAverage};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use super::say;

/// More running programs than that, on average over the last minute, disturb a measurement.
const BUSY_LOAD: f32 = 0.5;
/// The type of a file system in memory, as `statfs` numbers it.
const TMPFS: rustix::fs::FsWord = 0x0102_1994;

/// The cores that this process may use.
pub(super) struct Machine {
    all: CpuSet,
    first: CpuSet,
    last: CpuSet,
}

impl Machine {
    /// # Errors
    /// When there is only one core.
    pub(super) fn look() -> Result<Self> {
        let all = sched_getaffinity(None).context("cannot list the cores")?;
        let cores: Vec<usize> = (0..CpuSet::MAX_CPU).filter(|it| all.is_set(*it)).collect();
        let [first, .., last] = cores.as_slice() else {
            bail!("measuring needs two cores: one for the server and one for the client");
        };
        Ok(Self {
            all,
            first: only(*first),
            last: only(*last),
        })
    }

    /// All cores.
    pub(super) fn all(&self) -> &CpuSet {
        &self.all
    }

    /// The core of a server that gets only one.
    pub(super) fn first(&self) -> &CpuSet {
        &self.first
    }

    /// Keeps this thread away from the core of the server.
    ///
    /// # Errors
    /// When the system refuses.
    pub(super) fn move_to_last(&self) -> Result<On<'_>> {
        On::these(&self.last, &self.all)
    }

    /// Lets this thread, and what it starts, run on these cores only.
    ///
    /// # Errors
    /// When the system refuses.
    pub(super) fn move_to<'a>(&'a self, cores: &CpuSet) -> Result<On<'a>> {
        On::these(cores, &self.all)
    }
}

fn only(core: usize) -> CpuSet {
    let mut set = CpuSet::new();
    set.set(core);
    set
}

/// Lets this thread run everywhere again when dropped.
pub(super) struct On<'a> {
    all: &'a CpuSet,
}

impl<'a> On<'a> {
    fn these(cores: &CpuSet, all: &'a CpuSet) -> Result<Self> {
        sched_setaffinity(None, cores).context("cannot choose the cores of a thread")?;
        Ok(Self { all })
    }
}

impl Drop for On<'_> {
    fn drop(&mut self) {
        if let Err(error) = sched_setaffinity(None, self.all) {
            say(format_args!("cannot leave the cores of a thread: {error}"));
        }
    }
}

/// Says so when other programs keep the machine busy.
///
/// # Errors
/// When the load cannot be read.
pub(super) fn warn_if_busy() -> Result<()> {
    let load = LoadAverage::current().context("cannot read the load")?.one;
    // The build before has kept it busy as well, so this may be a false alarm.
    if load > BUSY_LOAD {
        say(format_args!(
            "the machine was busy in the last minute (load {load}): if not with the build, the \
             ratios will scatter"
        ));
    }
    Ok(())
}

/// Says so when nothing in a folder survives a power cut: then durability costs nothing.
///
/// # Errors
/// When the file system cannot be asked.
pub(super) fn warn_if_volatile(folder: &Path) -> Result<()> {
    let system = rustix::fs::statfs(folder).context("cannot look at the file system")?;
    if system.f_type == TMPFS {
        say(format_args!(
            "{} is in memory, so writing costs less than on a disk",
            folder.display()
        ));
    }
    Ok(())
}
