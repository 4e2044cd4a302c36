//! The console: what `registrar admin` asks for, and who does it.
//!
//! A [`Request`] says it as plain values. With no server running, the command opens the database and
//! [answers](Desk::answer) by itself. A running server answers for it, over a Unix socket beside the
//! database ([`socket`], asked by [`client`]): the same code with the same results, so that SQLite,
//! which is for one process, need not be stopped for an invitation.
//!
//! The permissions of the socket are the lock: a user who may open it may open the database too.

pub(crate) mod client;
mod output;
pub(crate) mod socket;
pub(crate) mod token;
pub(crate) mod user;

use registrar_domain::console::Console;
use registrar_domain::model::id::ServerName;
use serde::{Deserialize, Serialize};

use self::token::TokenTask;
use self::user::UserTask;

/// What is to be done, and how to answer.
#[derive(Serialize, Deserialize)]
pub(crate) struct Request {
    /// Answer in JSON, for scripts.
    pub(crate) json: bool,
    pub(crate) task: Task,
}

/// What is to be done.
#[derive(Serialize, Deserialize)]
pub(crate) enum Task {
    Token(TokenTask),
    User(UserTask),
}

/// Who does it: the use-cases, on the accounts of one server.
#[derive(Clone)]
pub(crate) struct Desk {
    pub(crate) console: Console,
    pub(crate) server_name: ServerName,
}

impl Desk {
    /// Does what is asked for; the answer as it is printed.
    ///
    /// # Errors
    /// Why nothing was done, for people.
    pub(crate) async fn answer(&self, request: &Request) -> anyhow::Result<String> {
        match &request.task {
            Task::Token(task) => task.run(self, request).await,
            Task::User(task) => task.run(self, request).await,
        }
    }
}

impl Request {
    /// The answer in the form that was asked for.
    fn form(&self, json: &serde_json::Value, text: impl FnOnce() -> String) -> String {
        if self.json {
            format!("{json:#}\n")
        } else {
            text()
        }
    }
}
