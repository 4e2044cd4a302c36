//! How long a question takes whose answer needs no hash, while all cores hash.

use std::time::Duration;

use anyhow::Result;

use super::client::Connection;
use super::process::Process;
use super::question::{Question, next_number};
use super::registrar::Registrar;
use super::registrations::Load;
use super::table::{Comparison, Table, Unit, quantile};
use super::{Bench, now};

/// How long each side is measured in a round.
const DURATION: Duration = Duration::from_secs(2);
/// Until the hashing threads have always something to do.
const WARM_UP: Duration = Duration::from_millis(500);
/// One question in this time, whether the one before has been answered or not.
const EVERY: Duration = Duration::from_millis(2);
const P99: f64 = 0.99;

/// # Errors
/// When a server fails.
pub(super) fn measure(
    bench: &Bench,
    hello: &Process,
    registrars: &[Registrar],
    table: &mut Table,
) -> Result<()> {
    let comparison = |what: String| Comparison::new(what, "the same, idle", Unit::Milliseconds);
    let mut comparisons: Vec<Comparison> = registrars
        .iter()
        .map(|registrar| comparison(format!("available on {}", registrar.database)))
        .collect();
    let mut of_hello = comparison("hello, beside it".to_owned());
    for _ in 0..bench.rounds {
        let idle_hello = p99(hello, Question::Hello)?;
        for (registrar, comparison) in registrars.iter().zip(&mut comparisons) {
            let Registrar { process, .. } = registrar;
            let idle = p99(process, Question::Available)?;
            let (busy, busy_hello) = beside_hashing(process, || {
                Ok((
                    p99(process, Question::Available)?,
                    p99(hello, Question::Hello)?,
                ))
            })?;
            comparison.add(busy, idle);
            of_hello.add(busy_hello, idle_hello);
        }
    }
    comparisons.push(of_hello);
    table.section(
        "99th percentile while hashing saturates all cores",
        comparisons,
    );
    Ok(())
}

/// Does something while the server hashes as fast as it can.
fn beside_hashing<T>(process: &Process, what: impl FnOnce() -> Result<T>) -> Result<T> {
    let load = Load::default();
    std::thread::scope(|scope| {
        let clients = load.start(scope, process);
        std::thread::sleep(WARM_UP);
        let done = what();
        load.stop(clients)?;
        process.forget_log()?;
        done
    })
}

/// The time that 99 of 100 answers keep, in milliseconds.
fn p99(process: &Process, question: Question<'_>) -> Result<f64> {
    let mut connection = Connection::open(process.address)?;
    let mut delays = Vec::new();
    let began = now();
    let mut due = began;
    while began.elapsed() < DURATION {
        let early = due.saturating_duration_since(now());
        if !early.is_zero() {
            std::thread::sleep(early);
        }
        // A question that had to wait for the answer before it has waited since it was due: a server
        // that stalls must not be spared the questions of that time. Oversleeping is not its fault.
        let asked = if early.is_zero() { due } else { now() };
        connection.ask(question, next_number())?;
        delays.push(asked.elapsed().as_secs_f64() * 1000.0);
        due += EVERY;
    }
    Ok(quantile(&mut delays, P99))
}
