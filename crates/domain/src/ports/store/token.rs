use async_trait::async_trait;

use super::StoreError;
use crate::model::account::Account;
use crate::model::id::{DeviceId, Localpart};
use crate::model::secret::TokenDigest;
use crate::model::time::Timestamp;
use crate::model::token::{
    AccessTokenKey, NewAccessToken, NewRefreshToken, RefreshFamily, RefreshTokenKey,
    StoredAccessToken, StoredRefreshToken,
};

/// Access and refresh tokens.
#[async_trait]
pub trait TokenRepository: Send {
    /// Adds an access token.
    ///
    /// # Errors
    /// [`Constraint::MissingReference`](super::Constraint::MissingReference) when its account, its
    /// device or its refresh token is gone.
    async fn add_access(&mut self, token: &NewAccessToken) -> Result<AccessTokenKey, StoreError>;

    /// An access token and the account it speaks for.
    async fn find_access(
        &mut self,
        digest: &TokenDigest,
    ) -> Result<Option<(StoredAccessToken, Account)>, StoreError>;

    /// Marks an access token as presented. Idempotent.
    async fn mark_access_used(&mut self, key: AccessTokenKey) -> Result<(), StoreError>;

    /// Records that the owner of an access token proved who they are. Idempotent; `false` when the
    /// token is gone.
    async fn mark_access_validated(
        &mut self,
        key: AccessTokenKey,
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Is the access token still there?
    async fn has_access(&mut self, key: AccessTokenKey) -> Result<bool, StoreError>;

    /// Removes one access token. Idempotent.
    async fn remove_access(&mut self, key: AccessTokenKey) -> Result<(), StoreError>;

    /// Adds a refresh token.
    ///
    /// # Errors
    /// [`Constraint::MissingReference`](super::Constraint::MissingReference) when its account or
    /// its device is gone.
    async fn add_refresh(&mut self, token: &NewRefreshToken)
    -> Result<RefreshTokenKey, StoreError>;

    /// A refresh token, with what became of its successor.
    async fn find_refresh(
        &mut self,
        digest: &TokenDigest,
    ) -> Result<Option<StoredRefreshToken>, StoreError>;

    /// The family of refresh tokens with a secret of this digest, if one of it is there.
    async fn find_family(
        &mut self,
        family: &TokenDigest,
    ) -> Result<Option<RefreshFamily>, StoreError>;

    /// Guarded: makes `new` the successor of `old` while its successor still is `expected`, and then
    /// removes the replaced successor and the predecessors of `old`, each with its access tokens.
    /// `false` when the successor is another one by now.
    async fn rotate_refresh(
        &mut self,
        old: RefreshTokenKey,
        expected: Option<RefreshTokenKey>,
        new: RefreshTokenKey,
    ) -> Result<bool, StoreError>;

    /// Removes all access and refresh tokens of one device.
    async fn remove_of_device(
        &mut self,
        localpart: &Localpart,
        device_id: &DeviceId,
    ) -> Result<(), StoreError>;

    /// Removes all access and refresh tokens that belong to an account: also those by which its owner, an
    /// administrator, speaks for others, and not those by which administrators speak for it.
    async fn remove_all(&mut self, localpart: &Localpart) -> Result<(), StoreError>;

    /// Removes the access tokens by which an account, an administrator's, speaks for others.
    async fn remove_made_by(&mut self, localpart: &Localpart) -> Result<(), StoreError>;

    /// Removes the access tokens by which administrators speak for an account.
    async fn remove_made_for(&mut self, localpart: &Localpart) -> Result<(), StoreError>;

    /// Removes all access tokens that belong to an account, as [`remove_all`](Self::remove_all) has it,
    /// except one, and no refresh token.
    async fn remove_other_access(
        &mut self,
        localpart: &Localpart,
        keep: AccessTokenKey,
    ) -> Result<(), StoreError>;
}
