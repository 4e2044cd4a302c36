//! `registrar admin token`, as it is typed.

use crate::cli::admin::{ConsoleArgs, TokenCommand};
use crate::console::Task;
use crate::console::token::{Filter, Limit, TokenTask};

pub(super) fn task(command: TokenCommand) -> (ConsoleArgs, Task) {
    let (console, task) = match command {
        TokenCommand::List {
            console,
            valid,
            invalid,
        } => {
            let filter = match (valid, invalid) {
                (true, _) => Filter::Valid,
                (false, true) => Filter::Invalid,
                (false, false) => Filter::All,
            };
            (console, TokenTask::List { filter })
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
                uses: limit(uses, unlimited),
                expires_in: limit(expires_in, never_expires),
            },
        ),
        TokenCommand::Revoke { console, token } => (console, TokenTask::Revoke { token }),
    };
    (console, Task::Token(task))
}

/// What becomes of a limit that two options are about, of which one takes it away.
fn limit<T>(value: Option<T>, is_removed: bool) -> Limit<T> {
    match value {
        _ if is_removed => Limit::Remove,
        Some(value) => Limit::Set(value),
        None => Limit::Keep,
    }
}
