//! `GET /_synapse/admin/v2/users` and `/v3/users`: accounts, page by page.

use super::{UserAdmin, UserAdminError};
use crate::model::account::Account;
use crate::model::id::UserId;
use crate::ports::Intent;
use crate::ports::store::{AccountFilter, AccountOrder, AccountPage, AccountSearch, Direction};
use crate::usecase::token::authenticate::Administrator;

/// The most accounts on a page; a longer page is cut there, and says where the rest begins.
pub const MAX_LIMIT: u64 = 10_000;

/// Which accounts. The default is the first hundred of all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserQuery {
    /// How many accounts are passed over.
    pub from: u64,
    /// How many accounts at most; more than [`MAX_LIMIT`] are that many.
    pub limit: u64,
    /// Only those that a string is found in.
    pub search: Option<UserSearch>,
    /// Only guests, or only others.
    pub guests: Option<bool>,
    /// Only deactivated accounts, or only others.
    pub deactivated: Option<bool>,
    /// Only administrators, or only others.
    pub admins: Option<bool>,
    /// What they are ordered by.
    pub order: AccountOrder,
    /// Which way.
    pub direction: Direction,
    /// None of these types; `None` stands for accounts without a type.
    pub without_user_types: Vec<Option<String>>,
}

/// Where a string must be found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserSearch {
    /// In the localpart or the display name.
    Name(String),
    /// In the user ID.
    UserId(String),
}

impl Default for UserQuery {
    fn default() -> Self {
        Self {
            from: 0,
            limit: 100,
            search: None,
            guests: None,
            deactivated: None,
            admins: None,
            order: AccountOrder::default(),
            direction: Direction::default(),
            without_user_types: Vec::new(),
        }
    }
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
    /// [`UserAdminError::Store`].
    pub async fn list(
        &self,
        _admin: &Administrator,
        query: &UserQuery,
    ) -> Result<UserPage, UserAdminError> {
        let shared = &self.0;
        let page = AccountPage {
            order: query.order,
            direction: query.direction,
            offset: query.from,
            limit: query.limit.min(MAX_LIMIT),
        };
        let list = {
            let mut uow = shared.ports.store.begin(Intent::Read).await?;
            uow.accounts().list(&self.filter(query), page).await?
        };
        let users = list.accounts.into_iter();
        let users: Vec<_> = users
            .map(|account| (shared.user_id(&account.localpart), account))
            .collect();
        let end = page
            .offset
            .saturating_add(u64::try_from(users.len()).unwrap_or(u64::MAX));
        Ok(UserPage {
            next: (page.offset.saturating_add(page.limit) < list.total).then_some(end),
            users,
            total: list.total,
        })
    }

    fn filter(&self, query: &UserQuery) -> AccountFilter {
        let search = query.search.clone().map(|search| match search {
            UserSearch::Name(part) => AccountSearch::Name(part),
            UserSearch::UserId(part) => AccountSearch::UserId {
                part,
                server_name: self.0.policy.server_name.clone(),
            },
        });
        AccountFilter {
            search,
            guests: query.guests,
            deactivated: query.deactivated,
            admins: query.admins,
            without_user_types: query.without_user_types.clone(),
        }
    }
}
