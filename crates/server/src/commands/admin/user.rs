//! `registrar admin user`.

use registrar_domain::account::admin::UserDetails;
use registrar_domain::account::admin::change::UserChanges;
use registrar_domain::account::admin::close::PasswordReset;
use registrar_domain::account::admin::list::{ListVersion, UserPage, UserQuery};
use registrar_domain::account::{Account, AccountKind};
use registrar_domain::given::Given;
use registrar_domain::id::UserId;
use registrar_domain::ports::Clock as _;
use registrar_domain::time::Timestamp;
use serde_json::{Value, json};

use super::output::{harmless, relative, table};
use super::{Opened, with_console};
use crate::cli::admin::{ConsoleArgs, PasswordArgs, UserArgs, UserCommand};
use crate::commands::password::{self, Source};
use crate::system::SystemClock;

pub(super) fn run(command: UserCommand) -> anyhow::Result<String> {
    match command {
        UserCommand::Register {
            console,
            username,
            admin,
            display_name,
            user_type,
            password,
        } => {
            let account = UserChanges {
                password: Given::Value(password.read()?),
                display_name: display_name.into(),
                admin: Given::Value(admin),
                user_type: user_type.into(),
                ..UserChanges::default()
            };
            let details = with_console(&console.config, async |it| {
                let users = &it.console.users;
                Ok(users
                    .create(&it.console.operator, &username, &account)
                    .await?)
            })?;
            Ok(shown(&console, &details))
        }
        UserCommand::Promote(arguments) => set_admin(&arguments, true),
        UserCommand::Demote(arguments) => set_admin(&arguments, false),
        UserCommand::Deactivate { user, erase } => changed(&user, async |it, user_id| {
            let erase = Given::Value(erase);
            let users = &it.console.users;
            users
                .deactivate(&it.console.operator, user_id, &erase)
                .await?;
            Ok(())
        }),
        UserCommand::List {
            console,
            name,
            admins,
            no_guests,
            deactivated,
            from,
            limit,
        } => list(
            &console,
            &UserQuery {
                from: Given::Value(from),
                limit: Given::Value(limit),
                name: name.into(),
                guests: Given::Value(!no_guests),
                deactivated: Given::Value(deactivated),
                admins: admins.then_some(true).into(),
                ..UserQuery::default()
            },
        ),
        UserCommand::Show(arguments) => changed(&arguments, async |_, _| Ok(())),
        UserCommand::ResetPassword {
            user,
            keep_logins,
            password,
        } => {
            let reset = PasswordReset {
                new_password: Given::Value(password.read()?),
                logout_devices: Given::Value(!keep_logins),
            };
            changed(&user, async |it, user_id| {
                let users = &it.console.users;
                users
                    .reset_password(&it.console.operator, user_id, &reset)
                    .await?;
                Ok(())
            })
        }
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

fn set_admin(arguments: &UserArgs, wanted: bool) -> anyhow::Result<String> {
    changed(arguments, async |it, user_id| {
        let wanted = Given::Value(wanted);
        let users = &it.console.users;
        users
            .set_admin(&it.console.operator, user_id, &wanted)
            .await?;
        Ok(())
    })
}

/// Does something with an account, and shows what has become of it.
fn changed(
    arguments: &UserArgs,
    change: impl AsyncFnOnce(&Opened, &str) -> anyhow::Result<()>,
) -> anyhow::Result<String> {
    let details = with_console(&arguments.console.config, async |it| {
        let user_id = if arguments.user.starts_with('@') {
            arguments.user.clone()
        } else {
            format!("@{}:{}", arguments.user, it.config.server.name)
        };
        change(&it, &user_id).await?;
        Ok(it
            .console
            .users
            .find(&it.console.operator, &user_id)
            .await?)
    })?;
    Ok(shown(&arguments.console, &details))
}

fn list(console: &ConsoleArgs, query: &UserQuery) -> anyhow::Result<String> {
    let page = with_console(&console.config, async |it| {
        let users = &it.console.users;
        Ok(users
            .list(&it.console.operator, ListVersion::V2, query)
            .await?)
    })?;
    let users = page.users.iter();
    let answer = json!({
        "users": users.map(|(user_id, account)| json(user_id, account)).collect::<Vec<_>>(),
        "total": page.total,
        "next": page.next,
    });
    Ok(console.answer(&answer, || rows(&page)))
}

fn json(user_id: &UserId, account: &Account) -> Value {
    json!({
        "user_id": user_id.to_string(),
        "display_name": account.display_name,
        "admin": account.admin,
        "guest": account.kind == AccountKind::Guest,
        "deactivated": account.deactivated,
        "shadow_banned": account.shadow_banned,
        "user_type": account.user_type,
        "created_ts": account.created.unix_ms(),
    })
}

/// What an account is, besides an account.
fn traits(account: &Account) -> String {
    let traits = [
        (account.admin, "administrator"),
        (account.kind == AccountKind::Guest, "guest"),
        (account.deactivated, "deactivated"),
        (account.shadow_banned, "shadow-banned"),
    ];
    let traits = traits
        .into_iter()
        .filter_map(|(is, name)| is.then_some(name));
    let traits: Vec<_> = traits.chain(account.user_type.as_deref()).collect();
    if traits.is_empty() {
        "user".to_owned()
    } else {
        harmless(&traits.join(", "))
    }
}

fn rows(page: &UserPage) -> String {
    if page.users.is_empty() {
        return format!("no accounts here, {} in all\n", page.total);
    }
    let now = SystemClock.now();
    let row = |(user_id, account): &(UserId, Account)| {
        [
            user_id.to_string(),
            traits(account),
            harmless(account.display_name.as_deref().unwrap_or_default()),
            relative(account.created, now),
        ]
    };
    let rows: Vec<_> = page.users.iter().map(row).collect();
    let mut text = table(["USER ID", "IS", "DISPLAY NAME", "CREATED"], &rows);
    if let Some(next) = page.next {
        let total = page.total;
        text.push_str(&format!(
            "of {total} in all; the next ones: --from {next}\n"
        ));
    }
    text
}

fn shown(console: &ConsoleArgs, details: &UserDetails) -> String {
    let mut answer = json(&details.user_id, &details.account);
    let threepids = details.threepids.iter().map(|owned| {
        json!({
            "medium": owned.threepid.medium().as_str(),
            "address": owned.threepid.address(),
        })
    });
    answer["threepids"] = threepids.collect();
    answer["last_seen_ts"] = details.last_seen.map(Timestamp::unix_ms).into();
    console.answer(&answer, || page_of(details))
}

fn page_of(details: &UserDetails) -> String {
    let now = SystemClock.now();
    let account = &details.account;
    let threepids = details.threepids.iter();
    let addresses: Vec<_> = threepids
        .map(|owned| harmless(owned.threepid.address()))
        .collect();
    let last_seen = details.last_seen.map(|seen| relative(seen, now));
    let rows = [
        ["is".to_owned(), traits(account)],
        [
            "display name".to_owned(),
            harmless(account.display_name.as_deref().unwrap_or("none")),
        ],
        [
            "addresses".to_owned(),
            if addresses.is_empty() {
                "none".to_owned()
            } else {
                addresses.join(", ")
            },
        ],
        ["created".to_owned(), relative(account.created, now)],
        [
            "last seen".to_owned(),
            last_seen.unwrap_or_else(|| "never".to_owned()),
        ],
    ];
    table(["user ID", &details.user_id.to_string()], &rows)
}
