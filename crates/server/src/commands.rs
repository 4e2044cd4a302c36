//! What each subcommand does.

mod admin;
mod attempt;
mod generate;
mod hash_password;
mod migrate;
mod neighbors;
mod password;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::CommandFactory as _;
use registrar_config::{Config, Reading};

use crate::cli::{Cli, Command};
use crate::serve;
use crate::wiring::Prepared;

/// Runs a subcommand.
pub(crate) fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Serve(arguments) => {
            let reading = read_config(&arguments.config);
            let warnings: Vec<String> = reading.warnings().map(ToString::to_string).collect();
            serve::run(reading.into_config()?, &warnings, |_| Ok(()))?;
        }
        Command::Try(arguments) => attempt::run(&arguments)?,
        Command::CheckConfig(arguments) => {
            return check_config(read_config(&arguments.config));
        }
        Command::GenerateConfig(arguments) => generate::run(&arguments)?,
        Command::Migrate(arguments) => migrate::run(arguments.action)?,
        Command::Admin(arguments) => admin::run(arguments)?,
        Command::HashPassword(arguments) => hash_password::run(&arguments)?,
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "registrar", &mut script);
            print(&String::from_utf8_lossy(&script))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints what was understood, and every mistake: those in the file, and those that only show when the
/// file's choices are put to use.
fn check_config(mut reading: Reading) -> anyhow::Result<ExitCode> {
    if let Some(config) = reading.config() {
        let neighbors = neighbors::look(config)?;
        let (mut mistakes, mut warnings) = (neighbors.mistakes, neighbors.warnings);
        match Prepared::new(config) {
            Ok(prepared) => warnings.extend(prepared.warnings()),
            Err(found) => mistakes.extend(found),
        }
        reading.add(mistakes, warnings);
    }
    print(&reading.report())?;
    Ok(if reading.has_mistakes() {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// Where the configuration is looked for when the command line names none; the first that exists counts.
const DEFAULT_CONFIGS: [&str; 4] = [
    "/etc/registrar/registrar.yaml",
    "/etc/registrar/homeserver.yaml",
    "registrar.yaml",
    "homeserver.yaml",
];

/// Reads the configuration with the environment on top. Says on standard error which file it takes when none
/// was named.
fn read_config(paths: &[PathBuf]) -> Reading {
    if !paths.is_empty() {
        return registrar_config::load(paths, environment());
    }
    let mut candidates = DEFAULT_CONFIGS.into_iter().map(PathBuf::from);
    match candidates.find(|path| path.exists()) {
        Some(path) => {
            note(&format!("configuration: {}\n", path.display()));
            registrar_config::load(&[path], environment())
        }
        None => Reading::missing(&DEFAULT_CONFIGS),
    }
}

/// Writes to standard error, where it disturbs nobody who reads the answer.
fn note(text: &str) {
    // Nothing depends on it, and a closed standard error is the operator's choice.
    let _ = std::io::stderr().write_all(text.as_bytes());
}

/// The configuration, or every mistake in it.
fn good_config(paths: &[PathBuf]) -> anyhow::Result<Config> {
    Ok(read_config(paths).into_config()?)
}

/// The environment, without what is not Unicode: no key or value of ours is.
fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

/// Writes to standard output. A reader that has seen enough and left is no error.
fn print(text: &str) -> anyhow::Result<()> {
    let mut stdout = std::io::stdout().lock();
    match stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
    {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        outcome => outcome.context("cannot write to standard output"),
    }
}
