//! `POST /refresh`: a new pair of tokens for an old refresh token.
//!
//! An answer may get lost. So the old refresh token stays good until its successor is known to have
//! arrived: the new access token was presented, or the new refresh token was exchanged in turn. Until
//! then exchanging the old one again replaces the successor.
//!
//! Spec: <https://spec.matrix.org/v1.16/client-server-api/#post_matrixclientv3refresh>

use std::sync::Arc;

use super::issue::{self, Expiries, IssuedTokens};
use super::{NewRefreshToken, RefreshToken, StoredRefreshToken};
use crate::core::Core;
use crate::given::Given;
use crate::ports::store::{Constraint, StoreErrorKind};
use crate::ports::{Intent, StoreError};
use crate::retry::MaybeStore;
use crate::time::Timestamp;

/// The use-case.
#[derive(Clone)]
pub struct Refresh(Arc<Core>);

/// Why there is no new pair of tokens.
#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    /// `refreshable_access_token_lifetime` is `null`: there are no refresh tokens.
    #[error("this server does not use refresh tokens")]
    SwitchedOff,
    /// No `refresh_token`.
    #[error("`refresh_token` is missing")]
    Missing,
    /// `refresh_token` is not a string.
    #[error("`refresh_token` must be a string")]
    Malformed,
    /// It is no token of this server, or no longer.
    #[error("the refresh token is not known")]
    Unknown,
    /// Its successor is in use.
    #[error("the refresh token has been exchanged already")]
    Superseded,
    /// It has expired.
    #[error("the refresh token has expired")]
    Expired,
    /// The login that it belongs to has ended.
    #[error("the session has expired and can no longer be refreshed")]
    SessionExpired,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl MaybeStore for RefreshError {
    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}

impl Refresh {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self(core)
    }

    /// Is there anything to refresh on this server? To be asked before a request is even read:
    /// without refresh tokens there is no such endpoint.
    ///
    /// # Errors
    /// [`RefreshError::SwitchedOff`].
    pub fn check_enabled(&self) -> Result<(), RefreshError> {
        match self.0.policy.lifetimes.refreshable_access {
            Some(_) => Ok(()),
            None => Err(RefreshError::SwitchedOff),
        }
    }

    /// Exchanges a refresh token.
    ///
    /// # Errors
    /// [`RefreshError`].
    pub async fn refresh(&self, token: &Given<String>) -> Result<IssuedTokens, RefreshError> {
        let core = &self.0;
        self.check_enabled()?;
        let text = match token {
            Given::Absent => return Err(RefreshError::Missing),
            Given::Null | Given::Malformed => return Err(RefreshError::Malformed),
            Given::Value(text) => text,
        };
        let token = RefreshToken::parse(text).ok_or(RefreshError::Unknown)?;
        core.retrying(|| self.exchange(&token)).await
    }

    async fn exchange(&self, token: &RefreshToken) -> Result<IssuedTokens, RefreshError> {
        match self.try_exchange(token).await {
            // Its device was logged out in this moment, and the token with it.
            Err(RefreshError::Store(error)) if error.is_conflict(Constraint::MissingReference) => {
                Err(RefreshError::Unknown)
            }
            outcome => outcome,
        }
    }

    async fn try_exchange(&self, token: &RefreshToken) -> Result<IssuedTokens, RefreshError> {
        let core = &self.0;
        let now = core.now();
        let mut uow = core.ports.store.begin(Intent::Write).await?;
        let old = uow
            .tokens()
            .find_refresh(&token.digest())
            .await?
            .ok_or(RefreshError::Unknown)?;
        // Held before anything is issued: what ends the logins of the account comes before or after.
        let account = uow.accounts().hold(&old.localpart).await?;
        if account.is_none_or(|account| account.deactivated) {
            return Err(RefreshError::Unknown);
        }
        let old = uow.tokens().find_refresh(&token.digest()).await?;
        let old = old.ok_or(RefreshError::Unknown)?;
        check(&old, now)?;

        let expiries = Expiries::with_refresh(&core.policy.lifetimes, old.session_expires, now);
        let new_token = RefreshToken::generate(core.entropy(), &old.localpart);
        let new_key = uow
            .tokens()
            .add_refresh(&NewRefreshToken {
                digest: new_token.digest(),
                localpart: old.localpart.clone(),
                device_id: old.device_id.clone(),
                expires: expiries.refresh,
                session_expires: expiries.session,
            })
            .await?;
        let expected = old.successor.map(|successor| successor.key);
        if !uow
            .tokens()
            .rotate_refresh(old.key, expected, new_key)
            .await?
        {
            // Another request exchanged the token in this moment: look again at what it left.
            return Err(StoreError::from(StoreErrorKind::Contended).into());
        }
        let refresh = Some((new_token, new_key));
        let issued = issue::add_pair(
            &mut *uow,
            core,
            &old.localpart,
            &old.device_id,
            expiries,
            refresh,
        )
        .await?;
        uow.commit().await?;
        Ok(issued)
    }
}

/// May this refresh token be exchanged now?
fn check(token: &StoredRefreshToken, now: Timestamp) -> Result<(), RefreshError> {
    if token
        .successor
        .is_some_and(|next| next.access_token_used || next.rotated)
    {
        return Err(RefreshError::Superseded);
    }
    if token.expires.is_some_and(|expires| expires < now) {
        return Err(RefreshError::Expired);
    }
    if token.session_expires.is_some_and(|expires| expires < now) {
        return Err(RefreshError::SessionExpired);
    }
    Ok(())
}
