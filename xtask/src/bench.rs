//! `cargo xtask bench`: the server side by side with what bounds it, as ratios.
//!
//! A bare number says more about the machine than about the server. So each figure stands beside one
//! that was measured within the same seconds: registrations beside the bare rate of password hashes,
//! answers beside those of a server that does nothing at all (`examples/hello.rs` of the HTTP crate).
//! Everything is measured in turns, round by round, and the ratio of each round counts.
//!
//! Nothing leaves loopback, and the processes end with this one, whatever ends it.

mod answers;
mod client;
mod delays;
mod footprint;
mod machine;
mod process;
mod programs;
mod question;
mod registrar;
mod registrations;
mod table;

use std::io::Write as _;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};

use self::machine::Machine;
use self::process::Process;
use self::programs::Programs;
use self::registrar::Database;
use self::table::Table;
use crate::postgres::{self, Cluster, Durability, Install};
use crate::shell;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// How often everything is measured; a round takes about half a minute.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=20))]
    rounds: u32,
    /// Measure what was built last, without building first.
    #[arg(long)]
    without_build: bool,
    /// Never install PostgreSQL, even if this user may.
    #[arg(long)]
    no_install: bool,
}

/// What all measurements share.
struct Bench {
    rounds: u32,
    machine: Machine,
    programs: Programs,
    databases: Vec<Database>,
    /// Databases and logs; on the disk that the repository is on, and removed at the end.
    folder: tempfile::TempDir,
}

impl Bench {
    fn folder(&self) -> &Path {
        self.folder.path()
    }
}

pub(crate) fn run(args: &Args) -> Result<()> {
    ensure!(
        cfg!(target_os = "linux"),
        "memory and processor time are read from Linux's /proc"
    );
    let machine = Machine::look()?;
    let programs = Programs::default();
    if !args.without_build {
        programs.build()?;
    }
    machine.warn_if_busy()?;
    let cluster = postgres::find_or_install(if args.no_install {
        Install::Never
    } else {
        Install::IfRoot
    })
    .and_then(|it| Cluster::start(&it, Durability::Full));
    let mut databases = vec![Database::Sqlite];
    match &cluster {
        Ok(cluster) => databases.push(Database::Postgres { url: cluster.url() }),
        Err(error) => shell::say(format_args!("NOT MEASURED: PostgreSQL. {error:#}")),
    }
    let bench = Bench {
        rounds: args.rounds,
        machine,
        folder: tempfile::tempdir_in(programs.target()).context("cannot make a folder")?,
        programs,
        databases,
    };
    machine::warn_if_volatile(bench.folder())?;

    let mut table = Table::default();
    let under_load = both_cores(&bench, &mut table)?;
    one_core(&bench, &mut table)?;
    footprint::start_up(&bench, &mut table)?;
    table.extend(under_load);
    std::io::stdout()
        .write_all(table.to_string().as_bytes())
        .context("cannot write the table")
}

/// What is measured with the whole machine: hashing, and what it does to others. Returns the memory
/// that all this took.
fn both_cores(bench: &Bench, table: &mut Table) -> Result<Table> {
    let cores = bench.machine.all();
    let hello = Process::hello(bench, cores)?;
    let registrars = registrar::start_all(bench, cores)?;
    let idle = footprint::idle_memory(&hello, &registrars)?;
    registrations::measure(bench, &registrars, table)?;
    delays::measure(bench, &hello, &registrars, table)?;
    footprint::memory(&hello, &registrars, &idle)
}

/// What is measured with one core for the server and another for who asks.
fn one_core(bench: &Bench, table: &mut Table) -> Result<()> {
    let cores = bench.machine.first();
    let hello = Process::hello(bench, cores)?;
    let registrars = registrar::start_all(bench, cores)?;
    answers::measure(bench, &hello, &registrars, table)
}

/// The time, for measuring.
fn now() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "measuring time is the point")]
    Instant::now()
}
