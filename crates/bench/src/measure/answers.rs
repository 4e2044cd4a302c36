//! Answers that hash nothing: how many one core gives, beside a server that does nothing else.

use std::time::Duration;

use anyhow::Result;

use super::client::Connection;
use super::process::Process;
use super::question::{Question, next_number};
use super::registrar::{Registrar, register};
use super::table::{Comparison, Table, Unit};
use super::{Bench, now};

/// How long each is measured in a round.
const DURATION: Duration = Duration::from_millis(1200);
/// Before that, until connections and caches are what they will be.
const WARM_UP: Duration = Duration::from_millis(200);
/// Connections, each with one question on its way.
const CONNECTIONS: usize = 32;

/// What one kind of question comes to.
struct Figures {
    per_second: Comparison,
    cpu: Comparison,
}

/// # Errors
/// When a server fails.
pub(super) fn measure(
    bench: &Bench,
    hello: &Process,
    registrars: &[Registrar],
    table: &mut Table,
) -> Result<()> {
    let access_tokens = registrars
        .iter()
        .map(|registrar| register(&mut Connection::open(registrar.process.address)?))
        .collect::<Result<Vec<_>>>()?;
    let subjects = subjects(registrars, &access_tokens);
    let mut figures: Vec<Figures> = subjects
        .iter()
        .map(|(name, ..)| Figures {
            per_second: Comparison::new(name.clone(), "hello", Unit::PerSecond),
            cpu: Comparison::new(name.clone(), "hello", Unit::Microseconds),
        })
        .collect();
    for _ in 0..bench.rounds {
        let hello = pressed(bench, hello, Question::Hello)?;
        for ((_, process, question), figures) in subjects.iter().zip(&mut figures) {
            let own = pressed(bench, process, *question)?;
            figures.per_second.add(own.per_second, hello.per_second);
            figures.cpu.add(own.cpu_us, hello.cpu_us);
        }
    }
    let (per_second, cpu): (Vec<_>, Vec<_>) = figures
        .into_iter()
        .map(|it| (it.per_second, it.cpu))
        .unzip();
    table.section("Answers, one core", per_second);
    table.section("Processor time of the server for an answer", cpu);
    Ok(())
}

/// Everything that is asked: what it is called, whom, and what.
fn subjects<'a>(
    registrars: &'a [Registrar],
    access_tokens: &'a [String],
) -> Vec<(String, &'a Process, Question<'a>)> {
    // What needs no database needs it on each of them.
    let without_database = registrars.iter().take(1).flat_map(|registrar| {
        [
            (
                "health, not logged".to_owned(),
                &registrar.process,
                Question::Health,
            ),
            (
                "versions".to_owned(),
                &registrar.process,
                Question::Versions,
            ),
        ]
    });
    let with_database =
        registrars
            .iter()
            .zip(access_tokens)
            .flat_map(|(registrar, access_token)| {
                let named = |name: &str| format!("{name} on {}", registrar.database);
                [
                    (named("available"), &registrar.process, Question::Available),
                    (
                        named("whoami"),
                        &registrar.process,
                        Question::WhoAmI { access_token },
                    ),
                    (
                        named("first register"),
                        &registrar.process,
                        Question::FirstRegister,
                    ),
                ]
            });
    without_database.chain(with_database).collect()
}

/// What a server does under pressure.
struct Pressed {
    per_second: f64,
    /// The processor time of an answer, in microseconds.
    cpu_us: f64,
}

/// Asks as fast as the server answers, on several connections, from one thread on a core of its own.
fn pressed(bench: &Bench, process: &Process, question: Question<'_>) -> Result<Pressed> {
    let _away_from_the_server = bench.machine.move_to_last()?;
    let mut connections = (0..CONNECTIONS)
        .map(|_| Connection::open(process.address))
        .collect::<Result<Vec<_>>>()?;
    for connection in &mut connections {
        connection.send(question, next_number())?;
    }
    press(&mut connections, question, WARM_UP)?;
    let (began, cpu) = (now(), process.cpu_seconds()?);
    let answers = press(&mut connections, question, DURATION)?;
    let (elapsed, cpu) = (began.elapsed(), process.cpu_seconds()? - cpu);
    for connection in &mut connections {
        connection.receive(question)?;
    }
    process.forget_log()?;
    Ok(Pressed {
        per_second: answers / elapsed.as_secs_f64(),
        cpu_us: cpu * 1e6 / answers,
    })
}

/// Takes the answer of each connection and asks again at once, in turns; returns how many answers came.
fn press(
    connections: &mut [Connection],
    question: Question<'_>,
    duration: Duration,
) -> Result<f64> {
    let began = now();
    let mut answers = 0.0;
    while began.elapsed() < duration {
        for connection in &mut *connections {
            connection.receive(question)?;
            connection.send(question, next_number())?;
            answers += 1.0;
        }
    }
    Ok(answers)
}
