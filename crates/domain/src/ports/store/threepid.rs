use async_trait::async_trait;

use super::StoreError;
use crate::model::id::Localpart;
use crate::model::threepid::{AccountThreepid, Threepid};

/// Third-party identifiers of accounts.
#[async_trait]
pub trait ThreepidRepository: Send {
    /// The account that owns an identifier.
    async fn find_owner(&mut self, threepid: &Threepid) -> Result<Option<Localpart>, StoreError>;

    /// The identifiers of an account, ordered by medium and address.
    async fn list(&mut self, localpart: &Localpart) -> Result<Vec<AccountThreepid>, StoreError>;

    /// Gives an identifier to an account.
    ///
    /// # Errors
    /// [`Constraint::ThreepidTaken`](super::Constraint::ThreepidTaken) when it has an owner, even the
    /// same; [`Constraint::MissingReference`](super::Constraint::MissingReference) without the account.
    async fn add(
        &mut self,
        localpart: &Localpart,
        threepid: &AccountThreepid,
    ) -> Result<(), StoreError>;

    /// Takes an identifier away from an account. `false` when the account does not have it.
    async fn remove(
        &mut self,
        localpart: &Localpart,
        threepid: &Threepid,
    ) -> Result<bool, StoreError>;

    /// Takes all identifiers away from an account. The number taken away.
    async fn remove_all(&mut self, localpart: &Localpart) -> Result<usize, StoreError>;
}
