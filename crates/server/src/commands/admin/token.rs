//! `registrar admin token`, as it is typed.

use crate::cli::admin::{ConsoleArgs, TokenCommand};
use crate::console::Task;
use crate::console::token::TokenTask;

pub(super) fn task(command: TokenCommand) -> (ConsoleArgs, Task) {
    let (console, task) = match command {
        TokenCommand::List {
            console,
            valid,
            invalid,
        } => {
            let valid = (valid || invalid).then_some(valid);
            (console, TokenTask::List { valid })
        }
        TokenCommand::Create {
            console,
            token,
            length,
            uses,
            expires_in,
        } => (
            console,
            TokenTask::Create {
                token,
                length,
                uses,
                expires_in,
            },
        ),
        TokenCommand::Show { console, token } => (console, TokenTask::Show { token }),
        TokenCommand::Edit {
            console,
            token,
            uses,
            unlimited,
            expires_in,
            never_expires,
        } => (
            console,
            TokenTask::Edit {
                token,
                uses,
                unlimited,
                expires_in,
                never_expires,
            },
        ),
        TokenCommand::Revoke { console, token } => (console, TokenTask::Revoke { token }),
    };
    (console, Task::Token(task))
}
