//! The server that is measured, configured as in production except that it knows no limits.

use std::net::SocketAddr;
use std::path::Path;

use anyhow::{Context as _, Result};
use rustix::thread::CpuSet;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Bench;
use super::client::Connection;
use super::process::{Process, mortal};
use super::question::{Question, next_number};

/// Where a server keeps its accounts.
pub(super) enum Database {
    Sqlite,
    Postgres { url: String },
}

impl Database {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres { .. } => "PostgreSQL",
        }
    }

    /// Does a server with another folder begin with an empty database?
    pub(super) fn is_new_in_each_folder(&self) -> bool {
        matches!(self, Self::Sqlite)
    }
}

/// A running server.
pub(super) struct Registrar {
    pub(super) process: Process,
    /// What it keeps its accounts in, for people.
    pub(super) database: &'static str,
}

/// One server per database, all on these cores.
///
/// # Errors
/// When one does not start.
pub(super) fn start_all(bench: &Bench, cores: &CpuSet) -> Result<Vec<Registrar>> {
    let databases = bench.databases.iter();
    databases
        .map(|database| {
            let folder = tempfile::tempdir_in(bench.folder())?.keep();
            start(bench, cores, database, &folder)
        })
        .collect()
}

/// A server with its files in `folder`, which may already hold a database.
///
/// # Errors
/// When it does not start.
pub(super) fn start(
    bench: &Bench,
    cores: &CpuSet,
    database: &Database,
    folder: &Path,
) -> Result<Registrar> {
    let config = folder.join("homeserver.yaml");
    // JSON is YAML.
    std::fs::write(&config, configuration(database, folder).to_string())?;
    let mut command = mortal(&bench.programs.registrar());
    command.arg("serve").arg("--config").arg(&config);
    let log = folder.join("registrar.log");
    let _there = bench.machine.move_to(cores)?;
    Ok(Registrar {
        process: Process::start(command, &log, Question::Versions, listening)?,
        database: database.name(),
    })
}

fn configuration(database: &Database, folder: &Path) -> Value {
    let unlimited = json!({ "per_second": 1e6, "burst_count": 1e6 });
    let database = match database {
        Database::Sqlite => format!("sqlite:{}", folder.join("accounts.db").display()),
        Database::Postgres { url } => url.clone(),
    };
    json!({
        "server_name": "example.org",
        "public_baseurl": "http://localhost/",
        "listeners": [{
            "port": 0, "type": "http", "bind_addresses": ["127.0.0.1"],
            "x_forwarded": true, "resources": [{ "names": ["client", "health"] }],
        }],
        "enable_registration": true,
        "enable_registration_without_verification": true,
        "rc_registration": unlimited,
        "registrar": {
            "database": database,
            // As under a service manager: one JSON line a request.
            "log": { "format": "json", "filter": "info" },
        },
    })
}

fn listening(line: &str) -> Option<SocketAddr> {
    let event: Value = serde_json::from_str(line).ok()?;
    event["listener.address"].as_str()?.parse().ok()
}

#[derive(Deserialize)]
struct Challenge {
    session: String,
}

#[derive(Deserialize)]
struct Registered {
    access_token: String,
}

/// Registers an account and returns its access token: two requests, the second of which hashes.
///
/// # Errors
/// When the server refuses.
pub(super) fn register(connection: &mut Connection) -> Result<String> {
    let answer = connection.ask(Question::FirstRegister, next_number())?;
    let Challenge { session } = serde_json::from_slice(answer).context("no session was opened")?;
    let answer = connection.ask(
        Question::SecondRegister { session: &session },
        next_number(),
    )?;
    let Registered { access_token } =
        serde_json::from_slice(answer).context("no access token was issued")?;
    Ok(access_token)
}
