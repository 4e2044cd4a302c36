//! `registrar admin user`, as it is typed: with what has to be asked at the terminal.

use std::io::{IsTerminal as _, Write as _};

use anyhow::{Context as _, bail, ensure};

use crate::cli::admin::{ConsoleArgs, PasswordArgs, UserArgs, UserCommand};
use crate::commands::password::{self, Source};
use crate::console::Task;
use crate::console::user::{Action, Listing, Registration, UserTask};

pub(super) fn task(command: UserCommand) -> anyhow::Result<(ConsoleArgs, Task)> {
    let (console, task) = match command {
        UserCommand::Register {
            console,
            username,
            admin,
            display_name,
            user_type,
            password,
        } => (
            console,
            UserTask::Register(Registration {
                username,
                password: password.read()?,
                admin,
                display_name,
                user_type,
            }),
        ),
        UserCommand::Promote(user) => user.task(Action::Promote),
        UserCommand::Demote(user) => user.task(Action::Demote),
        UserCommand::Deactivate { user, erase, yes } => {
            if !yes {
                confirm_deactivation(&user.user)?;
            }
            user.task(Action::Deactivate { erase })
        }
        UserCommand::Reactivate {
            user,
            no_password,
            password,
        } => {
            let password = if no_password {
                None
            } else {
                Some(password.read()?)
            };
            user.task(Action::Reactivate { password })
        }
        UserCommand::List {
            console,
            name,
            admins,
            no_guests,
            deactivated,
            from,
            limit,
        } => (
            console,
            UserTask::List(Listing {
                name,
                admins,
                guests: !no_guests,
                deactivated,
                from,
                limit,
            }),
        ),
        UserCommand::Show(user) => user.task(Action::Show),
        UserCommand::ResetPassword {
            user,
            keep_logins,
            password,
        } => user.task(Action::ResetPassword {
            password: password.read()?,
            keep_logins,
        }),
    };
    Ok((console, Task::User(task)))
}

impl UserArgs {
    fn task(self, action: Action) -> (ConsoleArgs, UserTask) {
        let user = self.user;
        (self.console, UserTask::Account { user, action })
    }
}

impl PasswordArgs {
    fn read(&self) -> anyhow::Result<String> {
        password::read(match &self.password_file {
            Some(path) => Source::File(path),
            None if self.password_stdin => Source::Stdin,
            None => Source::Terminal,
        })
    }
}

/// Asks at the terminal. `reactivate` brings back the account, not what this takes away.
fn confirm_deactivation(user: &str) -> anyhow::Result<()> {
    if !std::io::stdin().is_terminal() {
        bail!(
            "deactivating {user} takes its password, devices and addresses away, and there is no \
             terminal to ask for a confirmation: use --yes"
        );
    }
    let mut stderr = std::io::stderr();
    write!(
        stderr,
        "Deactivate {user}? Its password, devices and addresses are removed. Type yes to go on: "
    )
    .and_then(|()| stderr.flush())
    .context("cannot write to standard error")?;
    let mut line = String::new();
    std::io::stdin()
        .read_line(&mut line)
        .context("cannot read standard input")?;
    ensure!(
        line.trim().eq_ignore_ascii_case("yes"),
        "not confirmed: nothing was changed"
    );
    Ok(())
}
