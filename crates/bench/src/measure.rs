//! What is measured, in which order.
//!
//! A bare number says more about the machine than about the server. So each figure is compared with
//! one that was measured within the same seconds: registrations with the bare rate of password hashes,
//! answers with those of a server that does nothing at all (`examples/hello.rs` of the HTTP crate).
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

use std::fmt::Display;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, Result};
use clap::Parser;

use self::machine::Machine;
use self::process::Process;
use self::programs::Programs;
use self::registrar::Database;
use self::table::Table;

#[derive(Debug, Parser)]
#[command(about = "Measures Registrar side by side with what bounds it")]
struct Args {
    /// How often everything is measured.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=20))]
    rounds: u32,
    /// The folder that cargo builds into.
    #[arg(long)]
    target: PathBuf,
    /// A PostgreSQL database to measure on, besides SQLite.
    #[arg(long, value_name = "URL")]
    postgres: Option<String>,
}

/// What all measurements share.
struct Bench {
    rounds: u32,
    machine: Machine,
    programs: Programs,
    databases: Vec<Database>,
    /// Databases and logs; on the disk that the build is on, and removed at the end.
    folder: tempfile::TempDir,
}

impl Bench {
    fn folder(&self) -> &Path {
        self.folder.path()
    }
}

pub(crate) fn run() -> Result<()> {
    let args = Args::parse();
    let machine = Machine::look()?;
    machine::warn_if_busy()?;
    let postgres = args.postgres.map(|url| Database::Postgres { url });
    let bench = Bench {
        rounds: args.rounds,
        machine,
        folder: tempfile::tempdir_in(&args.target).context("cannot make a folder")?,
        programs: Programs::of(args.target),
        databases: std::iter::once(Database::Sqlite).chain(postgres).collect(),
    };
    machine::warn_if_volatile(bench.folder())?;

    let mut table = Table::default();
    let under_load = all_cores(&bench, &mut table)?;
    one_core(&bench, &mut table)?;
    footprint::start_up(&bench, &mut table)?;
    table.extend(under_load);
    std::io::stdout()
        .write_all(table.to_string().as_bytes())
        .context("cannot write the table")
}

/// What is measured with the whole machine: hashing, and what it does to others. Returns the memory
/// that all this took.
fn all_cores(bench: &Bench, table: &mut Table) -> Result<Table> {
    let cores = bench.machine.all();
    let hello = Process::hello(bench, cores)?;
    let registrars = registrar::start_all(bench, cores)?;
    let idle = footprint::idle_memory(&hello, &registrars)?;
    registrations::measure(bench, &registrars, table)?;
    delays::measure(bench, &hello, &registrars, table)?;
    footprint::memory(&hello, &registrars, &idle)
}

/// What is measured with one core for the server and another for the client.
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

/// Tells the person at the terminal. The table is the only thing on the standard output.
fn say(message: impl Display) {
    #[expect(
        clippy::print_stderr,
        reason = "the one place where this program speaks"
    )]
    {
        eprintln!("bench: {message}");
    }
}
