//! A server that is measured: started on given cores, watched, and killed at the end.

use std::fs::{File, OpenOptions};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use rustix::thread::CpuSet;

use super::client::Connection;
use super::question::Question;
use super::{Bench, now, say};

/// How long a server may take to start.
const START_TIMEOUT: Duration = Duration::from_secs(20);
/// How often to look whether it has.
const LOOK_EVERY: Duration = Duration::from_micros(500);
/// A running server; killed when dropped, or when this process ends in whatever way.
pub(super) struct Process {
    child: Child,
    log: File,
    /// Where it listens.
    pub(super) address: SocketAddr,
    /// From before it was started until after its first answer.
    pub(super) start_up: Duration,
}

/// Memory of a process, in MiB.
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
    pub(super) fn hello(bench: &Bench, cores: &CpuSet) -> Result<Self> {
        let log = bench.folder().join("hello.log");
        let command = mortal(&bench.programs.hello());
        let _there = bench.machine.move_to(cores)?;
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
    /// When the server is gone.
    pub(super) fn cpu_seconds(&self) -> Result<f64> {
        let stat = self.proc()?.stat().context("the server is gone")?;
        Ok(seconds(stat.utime + stat.stime))
    }

    /// # Errors
    /// When the server is gone.
    pub(super) fn memory(&self) -> Result<Memory> {
        let status = self.proc()?.status().context("the server is gone")?;
        Ok(Memory {
            resident: mebibytes(status.vmrss)?,
            peak: mebibytes(status.vmhwm)?,
        })
    }

    /// Throws away what it has logged.
    ///
    /// # Errors
    /// When the file cannot be emptied.
    pub(super) fn forget_log(&self) -> Result<()> {
        self.log.set_len(0).context("cannot empty a log")
    }

    fn proc(&self) -> Result<procfs::process::Process> {
        let id = self.child.id().try_into().context("an odd process ID")?;
        procfs::process::Process::new(id).context("the server is gone")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let ended = self.child.kill().and_then(|()| self.child.wait());
        if let Err(error) = ended {
            say(format_args!("cannot end a server: {error}"));
        }
    }
}

/// A program that will not run longer than this process: what arranges for that becomes the program,
/// so the process keeps its number.
pub(super) fn mortal(program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL"]).arg(program);
    command
}

/// The processor time of all processes that this one has started and that have ended, in seconds.
///
/// # Errors
/// When `/proc` cannot be read.
pub(super) fn ended_cpu_seconds() -> Result<f64> {
    let stat = procfs::process::Process::myself()?.stat()?;
    Ok(seconds((stat.cutime + stat.cstime).cast_unsigned()))
}

#[expect(clippy::cast_precision_loss, reason = "some minutes of processor time")]
fn seconds(ticks: u64) -> f64 {
    ticks as f64 / procfs::ticks_per_second() as f64
}

#[expect(clippy::cast_precision_loss, reason = "less than a terabyte")]
fn mebibytes(kibibytes: Option<u64>) -> Result<f64> {
    Ok(kibibytes.context("the system does not tell the memory")? as f64 / 1024.0)
}
