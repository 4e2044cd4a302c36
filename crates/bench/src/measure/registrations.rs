//! Whole registrations, beside the password hashes that they cannot do without.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{Scope, ScopedJoinHandle};
use std::time::Duration;

use anyhow::{Context as _, Result};

use super::client::Connection;
use super::process::{Process, ended_cpu_seconds, mortal};
use super::registrar::{Registrar, register};
use super::table::{Comparison, Table, Unit};
use super::{Bench, now};

/// How long each side is measured in a round.
const DURATION: Duration = Duration::from_secs(4);
/// Before that, until the hashing threads have always something to do.
const WARM_UP: Duration = Duration::from_millis(500);
/// People who register at the same time: enough to keep all cores busy, few enough to be let in.
const CLIENTS: usize = 16;

/// # Errors
/// When a server fails.
pub(super) fn measure(bench: &Bench, registrars: &[Registrar], table: &mut Table) -> Result<()> {
    let comparisons = |unit| {
        let on = |registrar: &Registrar| format!("registration on {}", registrar.database);
        let names = registrars.iter().map(on);
        let comparisons = names.map(|name| Comparison::new(name, "argon2id hash", unit));
        comparisons.collect::<Vec<_>>()
    };
    let mut rates = comparisons(Unit::PerSecond);
    let mut costs = comparisons(Unit::Milliseconds);
    for _ in 0..bench.rounds {
        for (index, registrar) in registrars.iter().enumerate() {
            let hashes = hashes(bench)?;
            let registrations = registrations(&registrar.process)?;
            rates[index].add(registrations.per_second, hashes.per_second);
            costs[index].add(registrations.cpu_ms, hashes.cpu_ms);
        }
    }
    table.section("Registration, all cores", rates);
    table.section("Processor time of the server for a registration", costs);
    Ok(())
}

/// How fast something goes.
struct Pace {
    per_second: f64,
    /// The processor time of each, in milliseconds, without that of database servers.
    cpu_ms: f64,
}

/// The pace of password hashes, with nothing else to do.
fn hashes(bench: &Bench) -> Result<Pace> {
    // As low in rank as the server's hashing threads, or whatever else the machine has to do would
    // slow down the one more than the other.
    let mut command = mortal(Path::new("nice"));
    command
        .args(["-n", "19"])
        .arg(bench.programs.hash_rate())
        .arg(DURATION.as_secs_f64().to_string());
    let before = ended_cpu_seconds()?;
    let output = command.output().context("cannot start hash_rate")?;
    let answer = String::from_utf8(output.stdout)?;
    let cpu = ended_cpu_seconds()? - before;
    let (rate, count) = answer
        .trim()
        .split_once(' ')
        .context("hash_rate wrote something else")?;
    Ok(Pace {
        per_second: rate.parse()?,
        cpu_ms: cpu * 1000.0 / count.parse::<f64>()?,
    })
}

/// The pace of registrations.
fn registrations(process: &Process) -> Result<Pace> {
    let load = Load::default();
    std::thread::scope(|scope| {
        let clients = load.start(scope, process);
        std::thread::sleep(WARM_UP);
        let (began, cpu, before) = (now(), process.cpu_seconds()?, load.registered());
        std::thread::sleep(DURATION);
        let (elapsed, cpu) = (began.elapsed(), process.cpu_seconds()? - cpu);
        #[expect(clippy::cast_precision_loss, reason = "some hundred")]
        let registered = (load.registered() - before) as f64;
        load.stop(clients)?;
        process.forget_log()?;
        Ok(Pace {
            per_second: registered / elapsed.as_secs_f64(),
            cpu_ms: cpu * 1000.0 / registered,
        })
    })
}

/// People who register, one account after the other, until they are stopped.
#[derive(Default)]
pub(super) struct Load {
    registered: AtomicU64,
    stop: AtomicBool,
}

/// What one of them came to.
type Client<'scope> = ScopedJoinHandle<'scope, Result<()>>;

impl Load {
    pub(super) fn start<'scope>(
        &'scope self,
        scope: &'scope Scope<'scope, '_>,
        process: &'scope Process,
    ) -> Vec<Client<'scope>> {
        (0..CLIENTS)
            .map(|_| {
                scope.spawn(|| {
                    let mut connection = Connection::open(process.address)?;
                    while !self.stop.load(Ordering::Relaxed) {
                        register(&mut connection)?;
                        self.registered.fetch_add(1, Ordering::Relaxed);
                    }
                    Ok(())
                })
            })
            .collect()
    }

    fn registered(&self) -> u64 {
        self.registered.load(Ordering::Relaxed)
    }

    /// # Errors
    /// When a registration failed.
    pub(super) fn stop(&self, clients: Vec<Client<'_>>) -> Result<()> {
        self.stop.store(true, Ordering::Relaxed);
        for client in clients {
            client.join().expect("a client does not panic")?;
        }
        Ok(())
    }
}
