use async_trait::async_trait;

use super::{FakeUnitOfWork, conflict};
use crate::account::{Account, AccountKind};
use crate::id::Localpart;
use crate::password::PasswordHash;
use crate::ports::store::{AccountRepository, Constraint, StoreError};
use crate::time::Timestamp;

#[async_trait]
impl AccountRepository for FakeUnitOfWork {
    async fn find(&mut self, localpart: &Localpart) -> Result<Option<Account>, StoreError> {
        self.read(|state| state.accounts.get(localpart).cloned())
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
        password_hash: &PasswordHash,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.write(|state| {
            let account = state.accounts.get_mut(localpart);
            let Some(guest) = account.filter(|account| account.kind == AccountKind::Guest) else {
                return Ok(false);
            };
            guest.kind = AccountKind::User;
            guest.password_hash = Some(password_hash.clone());
            guest.upgraded = Some(now);
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

    async fn record_consent(
        &mut self,
        localpart: &Localpart,
        version: &str,
    ) -> Result<bool, StoreError> {
        self.write(|state| {
            let account = state.accounts.get_mut(localpart);
            Ok(account.is_some_and(|account| {
                account.consent_version = Some(version.to_owned());
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
