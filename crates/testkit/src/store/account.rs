use async_trait::async_trait;

use super::{FakeUnitOfWork, conflict};
use registrar_domain::model::account::{Account, AccountKind};
use registrar_domain::model::id::Localpart;
use registrar_domain::model::password::PasswordHash;
use registrar_domain::model::time::Timestamp;
use registrar_domain::ports::store::{
    AccountChanges, AccountFilter, AccountList, AccountOrder, AccountPage, AccountRepository,
    AccountSearch, Change, Constraint, Direction, GuestUpgrade, StoreError,
};

#[async_trait]
impl AccountRepository for FakeUnitOfWork {
    async fn find(&mut self, localpart: &Localpart) -> Result<Option<Account>, StoreError> {
        self.read(|state| state.accounts.get(localpart).cloned())
    }

    /// Units of work that write take turns, so that nobody else changes anything meanwhile.
    async fn hold(&mut self, localpart: &Localpart) -> Result<Option<Account>, StoreError> {
        self.write(|state| Ok(state.accounts.get(localpart).cloned()))
    }

    async fn list_by_folded(&mut self, localpart: &Localpart) -> Result<Vec<Account>, StoreError> {
        let folded = localpart.folded();
        self.read(|state| {
            let is_same = |account: &&Account| account.localpart.folded() == folded;
            state.accounts.values().filter(is_same).cloned().collect()
        })
    }

    async fn is_taken(&mut self, localpart: &Localpart) -> Result<bool, StoreError> {
        let folded = localpart.folded();
        self.read(|state| state.accounts.keys().any(|other| other.folded() == folded))
    }

    async fn add(&mut self, account: &Account) -> Result<(), StoreError> {
        self.write(|state| {
            if state.accounts.contains_key(&account.localpart) {
                return Err(conflict(Constraint::LocalpartTaken));
            }
            state
                .accounts
                .insert(account.localpart.clone(), account.clone());
            Ok(())
        })
    }

    async fn upgrade_guest(
        &mut self,
        localpart: &Localpart,
        upgrade: &GuestUpgrade,
    ) -> Result<bool, StoreError> {
        self.write(|state| {
            let account = state.accounts.get_mut(localpart);
            let Some(guest) = account.filter(|account| account.kind == AccountKind::Guest) else {
                return Ok(false);
            };
            guest.kind = AccountKind::User;
            guest.password_hash = Some(upgrade.password_hash.clone());
            guest.upgraded = Some(upgrade.at);
            guest.shadow_banned = upgrade.shadow_banned;
            guest.admin = false;
            guest.user_type = None;
            guest.appservice_id = None;
            Ok(true)
        })
    }

    async fn replace_password_hash(
        &mut self,
        localpart: &Localpart,
        old: &PasswordHash,
        new: &PasswordHash,
    ) -> Result<bool, StoreError> {
        self.write(|state| {
            let account = state.accounts.get_mut(localpart);
            let Some(account) =
                account.filter(|account| account.password_hash.as_ref() == Some(old))
            else {
                return Ok(false);
            };
            account.password_hash = Some(new.clone());
            Ok(true)
        })
    }

    async fn set_password_hash(
        &mut self,
        localpart: &Localpart,
        password_hash: &PasswordHash,
    ) -> Result<bool, StoreError> {
        self.write(|state| {
            let account = state.accounts.get_mut(localpart);
            let open = account.filter(|account| !account.deactivated);
            Ok(open.is_some_and(|account| {
                account.password_hash = Some(password_hash.clone());
                true
            }))
        })
    }

    async fn update(
        &mut self,
        localpart: &Localpart,
        changes: &AccountChanges,
    ) -> Result<bool, StoreError> {
        self.write(|state| {
            let account = state.accounts.get_mut(localpart);
            Ok(account.is_some_and(|account| {
                replace(&mut account.display_name, &changes.display_name);
                replace(&mut account.admin, &changes.admin);
                replace(&mut account.user_type, &changes.user_type);
                replace(&mut account.erased, &changes.erased);
                replace(&mut account.suspended, &changes.suspended);
                true
            }))
        })
    }

    async fn deactivate(&mut self, localpart: &Localpart) -> Result<bool, StoreError> {
        self.write(|state| {
            let account = state.accounts.get_mut(localpart);
            Ok(account.is_some_and(|account| {
                account.deactivated = true;
                if let Some(hash) = account.password_hash.take() {
                    account.former_password_hash = Some(hash);
                }
                true
            }))
        })
    }

    async fn reactivate(
        &mut self,
        localpart: &Localpart,
        password_hash: Option<&PasswordHash>,
    ) -> Result<bool, StoreError> {
        self.write(|state| {
            let account = state.accounts.get_mut(localpart);
            let closed = account.filter(|account| account.deactivated);
            Ok(closed.is_some_and(|account| {
                account.deactivated = false;
                account.password_hash = password_hash.cloned();
                account.former_password_hash = None;
                true
            }))
        })
    }

    async fn list(
        &mut self,
        filter: &AccountFilter,
        page: AccountPage,
    ) -> Result<AccountList, StoreError> {
        self.read(|state| {
            let passes = |account: &&Account| passes(filter, account);
            let mut accounts: Vec<_> = state.accounts.values().filter(passes).cloned().collect();
            // The accounts come ordered by localpart, and sorting keeps the order of equal ones.
            accounts.sort_by(|a, b| {
                let forwards = rank(page.order, a).cmp(&rank(page.order, b));
                match page.direction {
                    Direction::Forwards => forwards,
                    Direction::Backwards => forwards.reverse(),
                }
            });
            let total = u64::try_from(accounts.len()).unwrap_or(u64::MAX);
            let index = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
            let accounts = accounts.into_iter().skip(index(page.offset));
            AccountList {
                accounts: accounts.take(index(page.limit)).collect(),
                total,
            }
        })
    }

    async fn record_consent(
        &mut self,
        localpart: &Localpart,
        version: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.write(|state| {
            let account = state.accounts.get_mut(localpart);
            Ok(account.is_some_and(|account| {
                account.consent_version = Some(version.to_owned());
                account.consented = Some(now);
                true
            }))
        })
    }

    async fn next_number(&mut self, step: u32) -> Result<u64, StoreError> {
        self.write(|state| {
            state.last_number += u64::from(step);
            Ok(state.last_number)
        })
    }
}

fn replace<T: Clone>(value: &mut T, change: &Change<T>) {
    if let Change::Set(new) = change {
        value.clone_from(new);
    }
}

fn passes(filter: &AccountFilter, account: &Account) -> bool {
    let localpart = account.localpart.folded();
    let is_found = match &filter.search {
        None => true,
        Some(AccountSearch::UserId { part, server_name }) => {
            format!("@{localpart}:{server_name}").contains(&part.to_lowercase())
        }
        Some(AccountSearch::Name(name)) => {
            let display_name = account.display_name.as_deref().unwrap_or_default();
            localpart.contains(&name.to_lowercase())
                || display_name.to_lowercase().contains(&name.to_lowercase())
        }
    };
    let is_guest = account.kind == AccountKind::Guest;
    is_found
        && filter.guests.is_none_or(|wanted| wanted == is_guest)
        && filter
            .deactivated
            .is_none_or(|wanted| wanted == account.deactivated)
        && filter.admins.is_none_or(|wanted| wanted == account.admin)
        && !filter.without_user_types.contains(&account.user_type)
}

/// What an account is compared by: a string or a number, and nothing before something.
fn rank(order: AccountOrder, account: &Account) -> (Option<String>, i64) {
    match order {
        AccountOrder::Localpart => (Some(account.localpart.to_string()), 0),
        AccountOrder::DisplayName => (account.display_name.clone(), 0),
        AccountOrder::Guest => (None, i64::from(account.kind == AccountKind::Guest)),
        AccountOrder::Admin => (None, i64::from(account.admin)),
        AccountOrder::Deactivated => (None, i64::from(account.deactivated)),
        AccountOrder::UserType => (account.user_type.clone(), 0),
        AccountOrder::ShadowBanned => (None, i64::from(account.shadow_banned)),
        AccountOrder::Created => (None, account.created.unix_ms()),
        AccountOrder::LastSeen => {
            let last_seen = account.last_seen.map(Timestamp::unix_ms);
            (
                last_seen.map(|_| String::new()),
                last_seen.unwrap_or_default(),
            )
        }
    }
}
