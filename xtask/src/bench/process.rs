//! A server under measurement: started on given cores, watched through `/proc`, killed at the end.

use std::fs::{File, OpenOptions};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use super::client::Connection;
use super::question::Question;
use super::{Bench, now};
use crate::shell;

/// How long a server may take to start.
const START_TIMEOUT: Duration = Duration::from_secs(20);
/// How often to look whether it has.
const LOOK_EVERY: Duration = Duration::from_micros(500);
/// What `/proc` counts processor time in, per second. The kernel has told programs the same number on
/// every architecture for decades, whatever it uses itself.
const TICKS_PER_SECOND: f64 = 100.0;

/// A running server; killed when dropped, or when this process ends in whatever way.
pub(super) struct Process {
    child: Child,
    log: File,
    /// Where it listens.
    pub(super) address: SocketAddr,
    /// From before it was started until after its first answer.
    pub(super) start_up: Duration,
}

/// Memory of a process, in bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Memory {
    /// At the moment.
    pub(super) resident: f64,
    /// The most that it ever was.
    pub(super) peak: f64,
}

impl Process {
    /// The server that does nothing, on these cores.
    ///
    /// # Errors
    /// When it does not start.
    pub(super) fn hello(bench: &Bench, cores: &str) -> Result<Self> {
        let log = bench.folder().join("hello.log");
        let command = confined(cores, &bench.programs.hello());
        Self::start(command, &log, Question::Hello, |line| line.parse().ok())
    }

    /// Starts a program that writes its address into a line of its output, and asks it the first
    /// question.
    ///
    /// # Errors
    /// When it ends, or gives no answer in time; its output is part of the message.
    pub(super) fn start(
        mut command: Command,
        log: &Path,
        question: Question<'_>,
        address: impl Fn(&str) -> Option<SocketAddr>,
    ) -> Result<Self> {
        // Emptied now and then, which needs a writer that always writes at the end.
        let file = OpenOptions::new().create(true).append(true).open(log)?;
        file.set_len(0)?;
        command
            .stdin(Stdio::null())
            .stdout(file.try_clone()?)
            .stderr(file.try_clone()?);
        let began = now();
        let child = command.spawn().context("cannot start a server")?;
        let mut process = Self {
            child,
            log: file,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            start_up: Duration::ZERO,
        };
        process.address = loop {
            let text = std::fs::read_to_string(log)?;
            if let Some(address) = text.lines().find_map(&address) {
                break address;
            }
            let ended = process.child.try_wait()?.is_some();
            if ended || began.elapsed() > START_TIMEOUT {
                bail!("a server does not start:\n{text}");
            }
            std::thread::sleep(LOOK_EVERY);
        };
        Connection::open(process.address)?.ask(question, 0)?;
        process.start_up = began.elapsed();
        Ok(process)
    }

    /// The processor time that it has used, in seconds, with a resolution of 10 ms.
    ///
    /// # Errors
    /// When `/proc` cannot be read.
    pub(super) fn cpu_seconds(&self) -> Result<f64> {
        let stat = std::fs::read_to_string(self.proc("stat")).context("the server is gone")?;
        ticks(&stat, Whose::Own)
            .map(|ticks| ticks / TICKS_PER_SECOND)
            .context("cannot read /proc/…/stat")
    }

    /// # Errors
    /// When `/proc` cannot be read.
    pub(super) fn memory(&self) -> Result<Memory> {
        let status = std::fs::read_to_string(self.proc("status")).context("the server is gone")?;
        memory(&status).context("cannot read /proc/…/status")
    }

    /// Throws away what it has logged.
    ///
    /// # Errors
    /// When the file cannot be emptied.
    pub(super) fn forget_log(&self) -> Result<()> {
        self.log.set_len(0).context("cannot empty a log")
    }

    fn proc(&self, file: &str) -> PathBuf {
        Path::new("/proc")
            .join(self.child.id().to_string())
            .join(file)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let ended = self.child.kill().and_then(|()| self.child.wait());
        if let Err(error) = ended {
            shell::say(format_args!("cannot end a server: {error}"));
        }
    }
}

/// A program that will run on some cores only, and not longer than this process. Each of the two that
/// arrange for that becomes the next, so the process keeps its number.
pub(super) fn confined(cores: &str, program: &Path) -> Command {
    let mut command = shell::command("setpriv");
    command.args(["--pdeathsig", "KILL", "taskset", "--cpu-list", cores]);
    command.arg(program);
    command
}

/// The processor time of all processes that this one has started and that have ended, in seconds.
///
/// # Errors
/// When `/proc` cannot be read.
pub(super) fn ended_cpu_seconds() -> Result<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    ticks(&stat, Whose::EndedChildren)
        .map(|ticks| ticks / TICKS_PER_SECOND)
        .context("cannot read /proc/self/stat")
}

/// Whose processor time.
#[derive(Clone, Copy, Debug)]
enum Whose {
    Own,
    EndedChildren,
}

/// User and system time of `/proc/<pid>/stat`, in ticks. The program's name may contain anything, so
/// fields are counted from the parenthesis that ends it.
fn ticks(stat: &str, whose: Whose) -> Option<f64> {
    let (_, fields) = stat.rsplit_once(") ")?;
    let first = match whose {
        Whose::Own => 11,
        Whose::EndedChildren => 13,
    };
    let mut times = fields.split(' ').skip(first).map(str::parse::<f64>);
    Some(times.next()?.ok()? + times.next()?.ok()?)
}

fn memory(status: &str) -> Option<Memory> {
    let bytes = |key: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(key))?;
        let kib: f64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
        Some(kib * 1024.0)
    };
    Some(Memory {
        resident: bytes("VmRSS:")?,
        peak: bytes("VmHWM:")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_found_behind_any_name() {
        let stat = "7 (a) R (b) S 1 2 3 4 5 6 7 8 9 10 200 50 30 1 20\n";
        assert_eq!(ticks(stat, Whose::Own), Some(250.0));
        assert_eq!(ticks(stat, Whose::EndedChildren), Some(31.0));
        assert_eq!(ticks("7 (a) S 1", Whose::Own), None);
    }

    #[test]
    fn memory_is_in_bytes() {
        let status = "Name:\tx\nVmHWM:\t    2048 kB\nVmRSS:\t    1024 kB\n";
        let expected = Memory {
            resident: 1024.0 * 1024.0,
            peak: 2048.0 * 1024.0,
        };
        assert_eq!(memory(status), Some(expected));
        assert_eq!(memory("VmRSS:\t1 kB\n"), None);
    }
}
