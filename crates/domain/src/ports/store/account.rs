use async_trait::async_trait;

use super::StoreError;
use crate::account::Account;
use crate::id::Localpart;
use crate::password::PasswordHash;
use crate::time::Timestamp;

/// Accounts.
#[async_trait]
pub trait AccountRepository: Send {
    /// The account with exactly this localpart.
    async fn find(&mut self, localpart: &Localpart) -> Result<Option<Account>, StoreError>;

    /// All accounts whose localpart is this one when case is ignored ([`Localpart::folded`]);
    /// historical accounts may differ in case alone.
    async fn list_by_folded(&mut self, localpart: &Localpart) -> Result<Vec<Account>, StoreError>;

    /// Is there an account with this localpart, ignoring case, of any kind, deactivated or not?
    async fn is_taken(&mut self, localpart: &Localpart) -> Result<bool, StoreError>;

    /// Adds an account.
    ///
    /// # Errors
    /// [`Constraint::LocalpartTaken`](super::Constraint::LocalpartTaken) for exactly the same
    /// localpart; also when the other account was committed a moment ago.
    async fn add(&mut self, account: &Account) -> Result<(), StoreError>;

    /// Guarded: turns a guest into a user with a password. `false` when there is no such guest.
    async fn upgrade_guest(
        &mut self,
        localpart: &Localpart,
        password_hash: &PasswordHash,
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Guarded: replaces the password hash while it still is `old`. `false` when it is not.
    async fn replace_password_hash(
        &mut self,
        localpart: &Localpart,
        old: &PasswordHash,
        new: &PasswordHash,
    ) -> Result<bool, StoreError>;

    /// Records which version of the policies an account's owner agreed to. `false` when there is no
    /// such account.
    async fn record_consent(
        &mut self,
        localpart: &Localpart,
        version: &str,
    ) -> Result<bool, StoreError>;

    /// The next number for an account without a chosen name, starting at 1; with a larger `step` the
    /// one that many further. Numbers are never given twice, and gaps are normal.
    async fn next_number(&mut self, step: u32) -> Result<u64, StoreError>;
}
