//! `GET /_synapse/admin/v2/users` and `/v3/users`: accounts, page by page.

use super::{UserAdmin, UserAdminError};
use crate::model::account::Account;
use crate::model::given::Given;
use crate::model::id::UserId;
use crate::ports::Intent;
use crate::ports::store::{AccountFilter, AccountOrder, AccountPage, AccountSearch, Direction};
use crate::usecase::token::authenticate::Administrator;

/// Accounts on a page, unless told otherwise.
const DEFAULT_LIMIT: u64 = 100;
/// The most accounts on a page; whoever asks for more is told where the rest begins.
pub const MAX_LIMIT: u64 = 10_000;

/// Which accounts, as asked for.
#[derive(Clone, Debug, Default)]
pub struct UserQuery {
    /// `from`: how many accounts are passed over.
    pub from: Given<i64>,
    /// `limit`: how many accounts at most.
    pub limit: Given<i64>,
    /// `user_id`: a part of the user ID.
    pub user_id: Given<String>,
    /// `name`: a part of the localpart or the display name. Takes precedence over `user_id`.
    pub name: Given<String>,
    /// `guests`: with guests? They are included unless told otherwise.
    pub guests: Given<bool>,
    /// `deactivated`; what it means depends on the version.
    pub deactivated: Given<bool>,
    /// `admins`: administrators only, or others only?
    pub admins: Given<bool>,
    /// `locked`: with locked accounts? There are none here.
    pub locked: Given<bool>,
    /// `order_by`.
    pub order_by: Given<String>,
    /// `dir`: `f` or `b`.
    pub dir: Given<String>,
    /// `not_user_type`, each time it occurs; the empty text stands for accounts without a type.
    pub not_user_types: Given<Vec<String>>,
}

/// What `deactivated` means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListVersion {
    /// `true`: deactivated accounts too. Otherwise: without them.
    V2,
    /// `true`: deactivated accounts only. `false`: without them. Absent: all accounts.
    V3,
}

/// A page of accounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserPage {
    /// The accounts.
    pub users: Vec<(UserId, Account)>,
    /// How many there are on all pages.
    pub total: u64,
    /// Where the next page begins, if there is one.
    pub next: Option<u64>,
}

impl UserAdmin {
    /// One page of the accounts that are asked for.
    ///
    /// # Errors
    /// [`UserAdminError::Malformed`], [`UserAdminError::Store`].
    pub async fn list(
        &self,
        _admin: &Administrator,
        version: ListVersion,
        query: &UserQuery,
    ) -> Result<UserPage, UserAdminError> {
        let shared = &self.0;
        let from = number(&query.from, "from")?.unwrap_or(0);
        let limit = number(&query.limit, "limit")?.unwrap_or(DEFAULT_LIMIT);
        let filter = self.filter(version, query)?;
        let page = AccountPage {
            order: order(&query.order_by)?,
            direction: direction(&query.dir)?,
            offset: from,
            limit: limit.min(MAX_LIMIT),
        };
        let list = {
            let mut uow = shared.ports.store.begin(Intent::Read).await?;
            uow.accounts().list(&filter, page).await?
        };
        let users = list.accounts.into_iter();
        let users: Vec<_> = users
            .map(|account| (shared.user_id(&account.localpart), account))
            .collect();
        let end = from.saturating_add(u64::try_from(users.len()).unwrap_or(u64::MAX));
        Ok(UserPage {
            next: (from.saturating_add(page.limit) < list.total).then_some(end),
            users,
            total: list.total,
        })
    }

    fn filter(
        &self,
        version: ListVersion,
        query: &UserQuery,
    ) -> Result<AccountFilter, UserAdminError> {
        let user_id = text(&query.user_id, "user_id")?;
        let name = text(&query.name, "name")?;
        let search = match (name, user_id) {
            (Some(name), _) => Some(AccountSearch::Name(name.to_owned())),
            (None, Some(part)) => Some(AccountSearch::UserId {
                part: part.to_owned(),
                server_name: self.0.policy.server_name.clone(),
            }),
            (None, None) => None,
        };
        let with_guests = flag(&query.guests, "guests")?.unwrap_or(true);
        let deactivated = flag(&query.deactivated, "deactivated")?;
        // There is nothing to filter, but what cannot be read is refused nevertheless.
        flag(&query.locked, "locked")?;
        let not_user_types = query.not_user_types.optional();
        let not_user_types = not_user_types.map_err(|_| malformed("not_user_type"))?;
        let unwanted = not_user_types.into_iter().flatten();
        Ok(AccountFilter {
            search,
            guests: (!with_guests).then_some(false),
            deactivated: match version {
                ListVersion::V2 => (deactivated != Some(true)).then_some(false),
                ListVersion::V3 => deactivated,
            },
            admins: flag(&query.admins, "admins")?,
            without_user_types: unwanted
                .map(|kind| Some(kind.clone()).filter(|kind| !kind.is_empty()))
                .collect(),
        })
    }
}

fn malformed(name: &'static str) -> UserAdminError {
    UserAdminError::Malformed(name)
}

/// A number that is not negative.
fn number(field: &Given<i64>, name: &'static str) -> Result<Option<u64>, UserAdminError> {
    let number = field.optional().map_err(|_| malformed(name))?;
    number
        .map(|number| u64::try_from(*number).map_err(|_| malformed(name)))
        .transpose()
}

fn flag(field: &Given<bool>, name: &'static str) -> Result<Option<bool>, UserAdminError> {
    Ok(field.optional().map_err(|_| malformed(name))?.copied())
}

/// A text to look for; the empty one is found everywhere, and no database can hold a NUL.
fn text<'a>(
    field: &'a Given<String>,
    name: &'static str,
) -> Result<Option<&'a str>, UserAdminError> {
    let text = field.optional().map_err(|_| malformed(name))?;
    if text.is_some_and(|text| text.contains('\0')) {
        return Err(malformed(name));
    }
    Ok(text.map(String::as_str).filter(|text| !text.is_empty()))
}

fn order(field: &Given<String>) -> Result<AccountOrder, UserAdminError> {
    let name = field.optional().map_err(|_| malformed("order_by"))?;
    Ok(match name.map_or("name", String::as_str) {
        // Nobody has a picture here, and nobody is locked: by the name, then.
        "name" | "avatar_url" | "locked" => AccountOrder::Localpart,
        "displayname" => AccountOrder::DisplayName,
        "is_guest" => AccountOrder::Guest,
        "admin" => AccountOrder::Admin,
        "deactivated" => AccountOrder::Deactivated,
        "user_type" => AccountOrder::UserType,
        "shadow_banned" => AccountOrder::ShadowBanned,
        "creation_ts" => AccountOrder::Created,
        "last_seen_ts" => AccountOrder::LastSeen,
        _ => return Err(malformed("order_by")),
    })
}

fn direction(field: &Given<String>) -> Result<Direction, UserAdminError> {
    let name = field.optional().map_err(|_| malformed("dir"))?;
    match name.map_or("f", String::as_str) {
        "f" => Ok(Direction::Forwards),
        "b" => Ok(Direction::Backwards),
        _ => Err(malformed("dir")),
    }
}
