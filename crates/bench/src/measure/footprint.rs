//! What a server needs to start and to be there: time and memory.

use std::time::Duration;

use anyhow::Result;

use super::Bench;
use super::process::{Memory, Process};
use super::registrar::{self, Registrar};
use super::table::{Comparison, Table, Unit};

/// Starts to measure in a round.
const STARTS: u32 = 3;
/// Until the hashing threads, which come last, have taken their memory.
const SETTLING: Duration = Duration::from_secs(1);

/// From the start of the process to the end of its first answer.
///
/// # Errors
/// When a server does not start.
pub(super) fn start_up(bench: &Bench, table: &mut Table) -> Result<()> {
    let cores = bench.machine.all();
    let mut comparisons = Vec::new();
    for database in &bench.databases {
        let comparison = |what: &str| {
            Comparison::new(
                format!("{what} {}", database.name()),
                "hello",
                Unit::Milliseconds,
            )
        };
        let mut empty = comparison("with an empty");
        let mut migrated = comparison("with a migrated");
        for _ in 0..bench.rounds * STARTS {
            let hello = start_up_ms(&Process::hello(bench, cores)?);
            let folder = tempfile::tempdir_in(bench.folder())?;
            let start = || {
                let registrar = registrar::start(bench, cores, database, folder.path())?;
                anyhow::Ok(start_up_ms(&registrar.process))
            };
            if database.is_new_in_each_folder() {
                empty.add(start()?, hello);
            }
            migrated.add(start()?, hello);
        }
        comparisons.extend([empty, migrated]);
    }
    table.section("Start-up, to the end of the first answer", comparisons);
    Ok(())
}

fn start_up_ms(process: &Process) -> f64 {
    process.start_up.as_secs_f64() * 1000.0
}

/// The memory of servers that have nothing to do.
pub(super) struct Idle {
    hello: Memory,
    registrars: Vec<Memory>,
}

/// # Errors
/// When a server is gone.
pub(super) fn idle_memory(hello: &Process, registrars: &[Registrar]) -> Result<Idle> {
    std::thread::sleep(SETTLING);
    let registrars = registrars.iter().map(|it| it.process.memory());
    Ok(Idle {
        hello: hello.memory()?,
        registrars: registrars.collect::<Result<_>>()?,
    })
}

/// The memory of servers that were idle and have been busy.
///
/// # Errors
/// When a server is gone.
pub(super) fn memory(hello: &Process, registrars: &[Registrar], idle: &Idle) -> Result<Table> {
    let hello_busy = hello.memory()?;
    let mut comparisons = Vec::new();
    for (registrar, idle_memory) in registrars.iter().zip(&idle.registrars) {
        let busy = registrar.process.memory()?;
        for (what, own, hello) in [
            ("idle", idle_memory.resident, idle.hello.resident),
            ("at most, under load", busy.peak, hello_busy.peak),
            ("after the load", busy.resident, hello_busy.resident),
        ] {
            let what = format!("{what}, on {}", registrar.database);
            let mut comparison = Comparison::new(what, "hello", Unit::Mebibytes);
            comparison.add(own, hello);
            comparisons.push(comparison);
        }
    }
    let mut table = Table::default();
    table.section("Memory", comparisons);
    Ok(table)
}
