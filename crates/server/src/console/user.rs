//! Accounts: `registrar admin user`.

use registrar_domain::model::account::{Account, AccountKind};
use registrar_domain::model::given::Given;
use registrar_domain::model::id::UserId;
use registrar_domain::model::time::Timestamp;
use registrar_domain::usecase::admin::UserDetails;
use registrar_domain::usecase::admin::change::UserChanges;
use registrar_domain::usecase::admin::close::PasswordReset;
use registrar_domain::usecase::admin::list::{ListVersion, UserPage, UserQuery};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::output::{date, harmless, table};
use super::{Desk, Request};

/// What is to be done with accounts. `user` is a user ID, or the part of it before the colon.
#[derive(Serialize, Deserialize)]
pub(crate) enum UserTask {
    Register {
        username: String,
        password: String,
        admin: bool,
        display_name: Option<String>,
        user_type: Option<String>,
    },
    SetAdmin {
        user: String,
        admin: bool,
    },
    Deactivate {
        user: String,
        erase: bool,
    },
    Reactivate {
        user: String,
        password: Option<String>,
    },
    List {
        name: Option<String>,
        admins: bool,
        guests: bool,
        deactivated: bool,
        from: i64,
        limit: i64,
    },
    Show {
        user: String,
    },
    ResetPassword {
        user: String,
        password: String,
        keep_logins: bool,
    },
}

impl UserTask {
    pub(super) async fn run(&self, desk: &Desk, request: &Request) -> anyhow::Result<String> {
        let (users, operator) = (&desk.console.users, &desk.console.operator);
        let user_id = match self {
            Self::Register {
                username,
                password,
                admin,
                display_name,
                user_type,
            } => {
                let account = UserChanges {
                    password: Given::Value(password.clone()),
                    display_name: display_name.clone().into(),
                    admin: Given::Value(*admin),
                    user_type: user_type.clone().into(),
                    ..UserChanges::default()
                };
                let details = users.create(operator, username, &account).await?;
                return Ok(shown(request, &details));
            }
            Self::List {
                name,
                admins,
                guests,
                deactivated,
                from,
                limit,
            } => {
                let query = UserQuery {
                    from: Given::Value(*from),
                    limit: Given::Value(*limit),
                    name: name.clone().into(),
                    guests: Given::Value(*guests),
                    deactivated: Given::Value(*deactivated),
                    admins: admins.then_some(true).into(),
                    ..UserQuery::default()
                };
                let page = users.list(operator, ListVersion::V2, &query).await?;
                return Ok(listed(request, &page));
            }
            Self::SetAdmin { user, admin } => {
                let user_id = desk.user_id(user);
                let wanted = Given::Value(*admin);
                users.set_admin(operator, &user_id, &wanted).await?;
                user_id
            }
            Self::Deactivate { user, erase } => {
                let user_id = desk.user_id(user);
                let erase = Given::Value(*erase);
                users.deactivate(operator, &user_id, &erase).await?;
                user_id
            }
            Self::Reactivate { user, password } => {
                let user_id = desk.user_id(user);
                let password = password.as_deref();
                users.reactivate(operator, &user_id, password).await?;
                user_id
            }
            Self::Show { user } => desk.user_id(user),
            Self::ResetPassword {
                user,
                password,
                keep_logins,
            } => {
                let user_id = desk.user_id(user);
                let reset = PasswordReset {
                    new_password: Given::Value(password.clone()),
                    logout_devices: Given::Value(!keep_logins),
                };
                users.reset_password(operator, &user_id, &reset).await?;
                user_id
            }
        };
        Ok(shown(request, &users.find(operator, &user_id).await?))
    }
}

impl Desk {
    fn user_id(&self, user: &str) -> String {
        if user.starts_with('@') {
            user.to_owned()
        } else {
            format!("@{user}:{}", self.server_name)
        }
    }
}

fn listed(request: &Request, page: &UserPage) -> String {
    let users = page.users.iter();
    let answer = json!({
        "users": users.map(|(user_id, account)| json(user_id, account)).collect::<Vec<_>>(),
        "total": page.total,
        "next": page.next,
    });
    request.form(&answer, || rows(page))
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
        "erased": account.erased,
        "suspended": account.suspended,
        "created_ts": account.created.unix_ms(),
        "last_seen_ts": account.last_seen.map(Timestamp::unix_ms),
    })
}

/// What an account is, besides an account.
fn traits(account: &Account) -> String {
    let traits = [
        (account.admin, "administrator"),
        (account.kind == AccountKind::Guest, "guest"),
        (account.deactivated, "deactivated"),
        (account.erased, "erased"),
        (account.suspended, "suspended"),
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
    let row = |(user_id, account): &(UserId, Account)| {
        [
            user_id.to_string(),
            traits(account),
            harmless(account.display_name.as_deref().unwrap_or_default()),
            date(account.created),
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

fn shown(request: &Request, details: &UserDetails) -> String {
    let mut answer = json(&details.user_id, &details.account);
    let threepids = details.threepids.iter().map(|owned| {
        json!({
            "medium": owned.threepid.medium().as_str(),
            "address": owned.threepid.address(),
        })
    });
    answer["threepids"] = threepids.collect();
    request.form(&answer, || page_of(details))
}

fn page_of(details: &UserDetails) -> String {
    let account = &details.account;
    let threepids = details.threepids.iter();
    let addresses: Vec<_> = threepids
        .map(|owned| harmless(owned.threepid.address()))
        .collect();
    let last_seen = account.last_seen.map(date);
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
        ["created".to_owned(), date(account.created)],
        [
            "last seen".to_owned(),
            last_seen.unwrap_or_else(|| "never".to_owned()),
        ],
    ];
    table(["user ID", &details.user_id.to_string()], &rows)
}
