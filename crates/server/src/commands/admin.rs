//! `registrar admin`: the admin API's use-cases for the operator at the console, on the database
//! that the configuration names. A running server does it if there is one.

mod token;
mod user;

use registrar_storage_diesel::OpenError;

use crate::cli::admin::{AdminArgs, AdminSubject};
use crate::console::{Request, client};
use crate::serve;
use crate::wiring;

/// What to do when a server has the database.
const SERVER_IS_RUNNING: &str = "a SQLite database is for one process, and a server is running on \
     this one that has no console at the place where this configuration has it \
     (`registrar.console`; the server's log says where it is): use the server's own configuration, \
     stop the server for this command, or ask the server through its admin API under \
     /_synapse/admin (for example with synadm)";

pub(super) fn run(arguments: AdminArgs) -> anyhow::Result<()> {
    let (console, task) = match arguments.subject {
        AdminSubject::Token(command) => token::task(command),
        AdminSubject::User(command) => user::task(command)?,
    };
    let request = Request {
        json: console.json,
        task,
    };
    let config = super::good_config(&console.config.config)?;
    let answer = serve::runtime()?.block_on(async {
        if let Some(answer) = client::ask(&config, &request).await? {
            return Ok(answer);
        }
        let desk = wiring::desk(&config).await.map_err(explained)?;
        desk.answer(&request).await
    })?;
    super::print(&answer)
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
