//! Accounts: `registrar admin user`.

use registrar_domain::console::Console;
use registrar_domain::model::account::{Account, AccountDisplayName, AccountKind};
use registrar_domain::model::id::UserId;
use registrar_domain::model::time::Timestamp;
use registrar_domain::model::uia::ErasePolicy;
use registrar_domain::usecase::admin::change::UserChanges;
use registrar_domain::usecase::admin::close::AdminRights;
use registrar_domain::usecase::admin::list::{UserPage, UserQuery, UserSearch};
use registrar_domain::usecase::admin::{
    AssignedPassword, ExistingLogins, ExistingUser, UserAdminError, UserDetails,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::output::{date, harmless, table};
use super::{Desk, Request};

/// What is to be done with accounts.
#[derive(Serialize, Deserialize)]
pub(crate) enum UserTask {
    Register(Registration),
    List(Listing),
    Account {
        /// A user ID, or the part of it before the colon.
        user: String,
        action: Action,
    },
}

/// An account that shall be made.
#[derive(Serialize, Deserialize)]
pub(crate) struct Registration {
    pub(crate) username: String,
    pub(crate) password: String,
    pub(crate) admin: bool,
    pub(crate) display_name: Option<String>,
    pub(crate) user_type: Option<String>,
}

/// Which accounts are listed.
#[derive(Serialize, Deserialize)]
pub(crate) struct Listing {
    pub(crate) name: Option<String>,
    pub(crate) admins: bool,
    pub(crate) guests: bool,
    pub(crate) deactivated: bool,
    pub(crate) from: u64,
    pub(crate) limit: u64,
}

/// What is to be done with one account, which is shown afterwards.
#[derive(Serialize, Deserialize)]
pub(crate) enum Action {
    Show,
    Promote,
    Demote,
    Deactivate { erase: bool },
    Reactivate { password: Option<String> },
    ResetPassword { password: String, keep_logins: bool },
}

impl UserTask {
    pub(super) async fn run(&self, desk: &Desk, request: &Request) -> anyhow::Result<String> {
        match self {
            Self::Register(registration) => {
                let details = registration.run(&desk.console).await?;
                Ok(shown(request, &details))
            }
            Self::List(listing) => {
                let page = listing.run(&desk.console).await?;
                Ok(listed(request, &page))
            }
            Self::Account { user, action } => {
                let Console {
                    operator, users, ..
                } = &desk.console;
                let user = users.user(operator, &desk.user_id(user)).await?;
                action.run(&desk.console, &user).await?;
                let details = users.details(operator, &user).await?;
                Ok(shown(request, &details))
            }
        }
    }
}

impl Registration {
    async fn run(&self, console: &Console) -> anyhow::Result<UserDetails> {
        let users = &console.users;
        let display_name = self.display_name.as_deref().map(AccountDisplayName::parse);
        let user_type = self.user_type.as_deref().map(|name| users.user_type(name));
        let account = UserChanges {
            password: Some(AssignedPassword::parse(&self.password)?),
            display_name: display_name.transpose()?.map(Some).into(),
            admin: Some(self.admin),
            user_type: user_type.transpose()?.map(Some).into(),
            ..UserChanges::default()
        };
        Ok(users
            .create(&console.operator, &self.username, &account)
            .await?)
    }
}

impl Listing {
    async fn run(&self, console: &Console) -> Result<UserPage, UserAdminError> {
        let query = UserQuery {
            from: self.from,
            limit: self.limit,
            search: self.name.clone().map(UserSearch::Name),
            guests: (!self.guests).then_some(false),
            deactivated: (!self.deactivated).then_some(false),
            admins: self.admins.then_some(true),
            ..UserQuery::default()
        };
        console.users.list(&console.operator, &query).await
    }
}

impl Action {
    async fn run(&self, console: &Console, user: &ExistingUser) -> anyhow::Result<()> {
        let (users, operator) = (&console.users, &console.operator);
        match self {
            Self::Show => {}
            Self::Promote => {
                let rights = AdminRights::Granted;
                users.set_admin(operator, user, rights).await?;
            }
            Self::Demote => {
                let rights = AdminRights::Revoked;
                users.set_admin(operator, user, rights).await?;
            }
            Self::Deactivate { erase } => {
                let erase_policy = if *erase {
                    ErasePolicy::Erase
                } else {
                    ErasePolicy::Keep
                };
                users.deactivate(operator, user, erase_policy).await?;
            }
            Self::Reactivate { password } => {
                let password = password.as_deref().map(AssignedPassword::parse);
                let password = password.transpose()?;
                users.reactivate(operator, user, password.as_ref()).await?;
            }
            Self::ResetPassword {
                password,
                keep_logins,
            } => {
                let password = AssignedPassword::parse(password)?;
                let logins = if *keep_logins {
                    ExistingLogins::Keep
                } else {
                    ExistingLogins::End
                };
                users
                    .reset_password(operator, user, &password, logins)
                    .await?;
            }
        }
        Ok(())
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
