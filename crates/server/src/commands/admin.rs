//! `registrar admin`: the admin API's use-cases for the operator at the console, on the database
//! that the configuration names. A running server does it if there is one.

mod token;
mod user;

use std::time::Duration;

use registrar_config::Config;
use registrar_storage_diesel::OpenError;

use crate::cli::admin::{AdminArgs, AdminSubject};
use crate::console::{Request, client};
use crate::{serve, wiring};

/// What to do when a server has the database.
const SERVER_IS_RUNNING: &str = "a SQLite database is for one process, and a server is running on \
     this one that has no console at the place where this configuration has it \
     (`registrar.console`; the server's log says where it is): use the server's own configuration, \
     stop the server for this command, or ask the server through its admin API under \
     /_synapse/admin (for example with synadm)";

/// How often, and how long apart, it is tried again while another process has the SQLite database: a
/// server that starts has it before it opens its console, and another command is soon done.
const ATTEMPTS: u32 = 20;
const PAUSE: Duration = Duration::from_millis(100);

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
    let answer = serve::runtime()?.block_on(answer(&config, &request))?;
    super::print(&answer)
}

async fn answer(config: &Config, request: &Request) -> anyhow::Result<String> {
    let mut attempts_left = ATTEMPTS;
    loop {
        if let Some(answer) = client::ask(config, request).await? {
            return Ok(answer);
        }
        match wiring::desk(config).await {
            Ok(desk) => return desk.answer(request).await,
            Err(error) if !is_in_use(&error) => return Err(error),
            Err(error) if attempts_left == 0 => return Err(error.context(SERVER_IS_RUNNING)),
            Err(_) => attempts_left -= 1,
        }
        tokio::time::sleep(PAUSE).await;
    }
}

fn is_in_use(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let cause = cause.downcast_ref::<OpenError>();
        matches!(cause, Some(OpenError::InUse { .. }))
    })
}
