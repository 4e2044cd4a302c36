//! `POST /refresh`: a new pair of tokens for an old refresh token.
//!
//! An answer may get lost. So the old refresh token stays good until its successor is known to have
//! arrived: the new access token was presented, or the new refresh token was exchanged in turn. Until
//! then exchanging the old one again replaces the successor.
//!
//! From then on the old token is used up, and so are all that came before it. Presenting one means having it
//! from somewhere else, or has lent it to somebody else: all tokens that descend from the login end, and
//! the device stays. A successor that was replaced was never used; it is refused, and ends nothing.
//!
//! Spec: <https://spec.matrix.org/v1.16/client-server-api/#post_matrixclientv3refresh>

use std::sync::Arc;

use super::issue::{self, Expiries, IssuedTokens};
use crate::model::given::Given;
use crate::model::id::{DeviceId, Localpart};
use crate::model::time::Timestamp;
use crate::model::token::{NewRefreshToken, RefreshToken, StoredRefreshToken};
use crate::ports::store::{Constraint, StoreErrorKind};
use crate::ports::{Intent, StoreError, UnitOfWork};
use crate::usecase::retry::MaybeStore;
use crate::usecase::shared::Shared;
use crate::usecase::usage::{self, UsageError};

/// The use-case.
#[derive(Clone)]
pub struct Refresh(Arc<Shared>);

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
    /// Its successor is in use. The login has ended.
    #[error("the refresh token has been exchanged already")]
    Superseded,
    /// It has expired.
    #[error("the refresh token has expired")]
    Expired,
    /// The login that it belongs to has ended.
    #[error("the session has expired and can no longer be refreshed")]
    SessionExpired,
    /// The server is closed.
    #[error(transparent)]
    Usage(#[from] UsageError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl MaybeStore for RefreshError {
    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) | Self::Usage(UsageError::Store(error)) => Some(error),
            _ => None,
        }
    }
}

impl Refresh {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self(shared)
    }

    /// The exchange of refresh tokens, if this server uses them. Clients are told so before a request is
    /// read: without refresh tokens there is no such endpoint.
    ///
    /// # Errors
    /// [`RefreshError::SwitchedOff`].
    pub fn enabled(&self) -> Result<Exchange<'_>, RefreshError> {
        match self.0.policy.lifetimes.refreshable_access {
            Some(_) => Ok(Exchange(&self.0)),
            None => Err(RefreshError::SwitchedOff),
        }
    }
}

/// The exchange of refresh tokens, on a server that uses them.
#[derive(Clone, Copy)]
pub struct Exchange<'a>(&'a Shared);

impl Exchange<'_> {
    /// Exchanges a refresh token.
    ///
    /// # Errors
    /// [`RefreshError`].
    pub async fn refresh(&self, token: &Given<String>) -> Result<IssuedTokens, RefreshError> {
        let shared = self.0;
        let text = token.present(RefreshError::Missing, RefreshError::Malformed)?;
        let token = RefreshToken::parse(text).ok_or(RefreshError::Unknown)?;
        shared.retrying(|| self.exchange(&token)).await
    }

    async fn exchange(&self, token: &RefreshToken) -> Result<IssuedTokens, RefreshError> {
        match self.try_exchange(token).await {
            // Its device was logged out at the same moment, and the token with it.
            Err(RefreshError::Store(error)) if error.is_conflict(Constraint::MissingReference) => {
                Err(RefreshError::Unknown)
            }
            outcome => outcome,
        }
    }

    async fn try_exchange(&self, token: &RefreshToken) -> Result<IssuedTokens, RefreshError> {
        let shared = self.0;
        let now = shared.now();
        let mut uow = shared.ports.store.begin(Intent::Write).await?;
        let Some(found) = uow.tokens().find_refresh(&token.digest()).await? else {
            return self.refuse_forgotten(uow, token).await;
        };
        // Held before anything is issued: what ends the logins of the account comes before or after.
        let account = uow.accounts().hold(&found.localpart).await?;
        let account = account.filter(|account| !account.deactivated);
        let account = account.ok_or(RefreshError::Unknown)?;
        let Some(old) = uow.tokens().find_refresh(&token.digest()).await? else {
            return self.refuse_forgotten(uow, token).await;
        };
        if is_used_up(&old) {
            end_login(uow, &old.localpart, &old.device_id).await?;
            return Err(RefreshError::Superseded);
        }
        check(&old, now)?;
        usage::check_renewal(shared, &account)?;

        let expiries = Expiries::with_refresh(&shared.policy.lifetimes, old.session_expires, now);
        let new_token = token.next(shared.entropy(), &old.localpart);
        let new_key = uow
            .tokens()
            .add_refresh(&NewRefreshToken {
                digest: new_token.digest(),
                localpart: old.localpart.clone(),
                device_id: old.device_id.clone(),
                expires: expiries.refresh,
                session_expires: expiries.session,
                lineage: new_token.lineage(),
            })
            .await?;
        let expected = old.successor.map(|successor| successor.key);
        if !uow
            .tokens()
            .rotate_refresh(old.key, expected, new_key)
            .await?
        {
            // Another request exchanged the token at the same moment: look again at what it left.
            return Err(StoreError::from(StoreErrorKind::Contended).into());
        }
        let refresh = Some((new_token, new_key));
        let issued = issue::add_pair(
            &mut *uow,
            shared,
            &old.localpart,
            &old.device_id,
            expiries,
            refresh,
        )
        .await?;
        uow.commit().await?;
        Ok(issued)
    }

    /// Refuses a token that is not stored. One of a family whose later generations are is used up.
    async fn refuse_forgotten(
        &self,
        mut uow: Box<dyn UnitOfWork>,
        token: &RefreshToken,
    ) -> Result<IssuedTokens, RefreshError> {
        if let Some(lineage) = token.lineage()
            && let Some(family) = uow.tokens().find_family(&lineage.family).await?
            && lineage.generation < family.generation
        {
            end_login(uow, &family.localpart, &family.device_id).await?;
        }
        Err(RefreshError::Unknown)
    }
}

/// Ends the tokens of a login, all of which belong to its device, and commits that.
async fn end_login(
    mut uow: Box<dyn UnitOfWork>,
    localpart: &Localpart,
    device_id: &DeviceId,
) -> Result<(), StoreError> {
    uow.tokens().remove_of_device(localpart, device_id).await?;
    uow.commit().await?;
    tracing::warn!(
        account.localpart = %localpart,
        "refresh token was reused after its successor, login ended"
    );
    Ok(())
}

/// Is the successor of this token known to have arrived?
fn is_used_up(token: &StoredRefreshToken) -> bool {
    token
        .successor
        .is_some_and(|next| next.access_token_used || next.rotated)
}

/// Has this refresh token, or its login, expired?
fn check(token: &StoredRefreshToken, now: Timestamp) -> Result<(), RefreshError> {
    if token.expires.is_some_and(|expires| expires < now) {
        return Err(RefreshError::Expired);
    }
    if token.session_expires.is_some_and(|expires| expires < now) {
        return Err(RefreshError::SessionExpired);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::token::{RefreshTokenKey, Successor};

    fn token(expires: Option<i64>, session_expires: Option<i64>) -> StoredRefreshToken {
        StoredRefreshToken {
            key: RefreshTokenKey(1),
            localpart: Localpart::read("alice").unwrap(),
            device_id: DeviceId::parse("PHONE").unwrap(),
            expires: expires.map(Timestamp::from_unix_ms),
            session_expires: session_expires.map(Timestamp::from_unix_ms),
            successor: None,
        }
    }

    #[test]
    fn the_last_moment_of_a_token_and_of_its_login_is_included() {
        let rows = [
            (None, None, "Ok(())"),
            (Some(10), None, "Ok(())"),
            (Some(9), None, "Err(Expired)"),
            (None, Some(10), "Ok(())"),
            (None, Some(9), "Err(SessionExpired)"),
            (Some(9), Some(9), "Err(Expired)"),
        ];
        for (expires, session_expires, expected) in rows {
            let token = token(expires, session_expires);
            let outcome = check(&token, Timestamp::from_unix_ms(10));
            assert_eq!(format!("{outcome:?}"), expected, "{token:?}");
        }
    }

    #[test]
    fn a_token_is_used_up_once_its_successor_has_arrived() {
        for (access_token_used, rotated, expected) in [
            (false, false, false),
            (true, false, true),
            (false, true, true),
            (true, true, true),
        ] {
            let successor = Successor {
                key: RefreshTokenKey(2),
                access_token_used,
                rotated,
            };
            let token = StoredRefreshToken {
                successor: Some(successor),
                ..token(None, None)
            };
            assert_eq!(is_used_up(&token), expected, "{successor:?}");
        }
        assert!(!is_used_up(&token(None, None)));
    }
}
