use async_trait::async_trait;

use super::{Change, StoreError};
use crate::model::registration_token::{
    RegistrationToken, RegistrationTokenId, RegistrationTokenKey,
};
use crate::model::time::Timestamp;

/// Registration tokens. `pending` is counted up and down together with what holds the reservation:
/// [`UiaRepository::hold_registration_token`](super::UiaRepository::hold_registration_token).
#[async_trait]
pub trait RegistrationTokenRepository: Send {
    /// One token.
    async fn find(
        &mut self,
        id: &RegistrationTokenId,
    ) -> Result<Option<RegistrationToken>, StoreError>;

    /// All tokens, ordered by their text.
    async fn list(&mut self) -> Result<Vec<RegistrationToken>, StoreError>;

    /// Adds a token.
    ///
    /// # Errors
    /// [`Constraint::RegistrationTokenTaken`](super::Constraint::RegistrationTokenTaken).
    async fn add(&mut self, token: &RegistrationToken) -> Result<(), StoreError>;

    /// Changes what a token allows. `false` when there is no such token.
    async fn update(
        &mut self,
        id: &RegistrationTokenId,
        uses_allowed: Change<Option<u32>>,
        expires: Change<Option<Timestamp>>,
    ) -> Result<bool, StoreError>;

    /// Removes a token. `false` when there is no such token.
    async fn remove(&mut self, id: &RegistrationTokenId) -> Result<bool, StoreError>;

    /// Guarded: counts a pending use while the token is valid at `now`
    /// ([`RegistrationToken::is_valid`]). Which token it was counted at; `None` when it is not valid,
    /// or is not there.
    async fn reserve(
        &mut self,
        id: &RegistrationTokenId,
        now: Timestamp,
    ) -> Result<Option<RegistrationTokenKey>, StoreError>;

    /// Guarded: turns a pending use into a completed one, whether or not the token is still valid.
    /// `false` when there is no pending use, or the token was removed.
    async fn complete(&mut self, key: RegistrationTokenKey) -> Result<bool, StoreError>;

    /// Guarded: takes back so many pending uses, if the token has as many. `false` when it has not, or
    /// was removed.
    async fn release(&mut self, key: RegistrationTokenKey, uses: u32) -> Result<bool, StoreError>;
}
