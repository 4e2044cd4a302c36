//! `registrar admin`: the admin API's use-cases for the operator at the console, on the database
//! that the configuration names.

mod output;
mod token;
mod user;

use registrar_domain::console::Console;
use registrar_storage_diesel::OpenError;

use crate::cli::ConfigArgs;
use crate::cli::admin::{AdminArgs, AdminSubject, ConsoleArgs};
use crate::config::Config;
use crate::serve;
use crate::wiring;

/// What to do when a server has the database.
const SERVER_IS_RUNNING: &str = "a SQLite database is for one process, and a server is running on \
     this one: stop the server for this command, or ask the running server itself, through its \
     admin API under /_synapse/admin (for example with synadm)";

pub(super) fn run(arguments: AdminArgs) -> anyhow::Result<()> {
    let answer = match arguments.subject {
        AdminSubject::Token(command) => token::run(command)?,
        AdminSubject::User(command) => user::run(command)?,
    };
    super::print(&answer)
}

/// The console with the configuration that it was opened with.
struct Opened {
    config: Config,
    console: Console,
}

/// Opens the database, does something with it, and closes it.
fn with_console<T, F>(config: &ConfigArgs, work: impl FnOnce(Opened) -> F) -> anyhow::Result<T>
where
    F: Future<Output = anyhow::Result<T>>,
{
    let config = super::good_config(&config.config)?;
    serve::runtime()?.block_on(async {
        let console = wiring::console(&config).await.map_err(explained)?;
        work(Opened { config, console }).await
    })
}

fn explained(error: anyhow::Error) -> anyhow::Error {
    let in_use = error.chain().any(|cause| {
        let cause = cause.downcast_ref::<OpenError>();
        matches!(cause, Some(OpenError::InUse { .. }))
    });
    if in_use {
        error.context(SERVER_IS_RUNNING)
    } else {
        error
    }
}

impl ConsoleArgs {
    /// The answer in the form that was asked for.
    fn answer(&self, json: &serde_json::Value, text: impl FnOnce() -> String) -> String {
        if self.json {
            format!("{json:#}\n")
        } else {
            text()
        }
    }
}
