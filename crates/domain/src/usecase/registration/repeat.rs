//! The final request of a registration, repeated because its answer may have been lost.
//!
//! The session opens no second way into the account: the repetition gives what the last answer gave,
//! on the same device, while nothing has happened to that. Once the device or its tokens are gone, for
//! whatever reason, or the password is another one, the session counts as unknown.

use super::create::{self, NewRegistration};
use super::{RegisterError, RegisteredAccount, Registration};
use crate::model::account::AccountKind;
use crate::model::context::RequestContext;
use crate::model::time::Timestamp;
use crate::model::uia::{AnsweredTokens, Registered};
use crate::ports::{Intent, UnitOfWork};
use crate::usecase::shared::Shared;
use crate::usecase::token::issue::{self, DeviceHistory, IssuedTokens, RefreshChoice};
use crate::usecase::uia::gate::GateError;
use crate::usecase::uia::open;
use crate::usecase::usage;

impl Registration {
    /// The answer to a request that repeats a successful one: the same account on the same device, with
    /// new tokens in place of those given before.
    ///
    /// # Errors
    /// [`RegisterError::Deactivated`], [`RegisterError::Usage`], and [`GateError::UnknownSession`] where there is nothing to
    /// repeat.
    pub(super) async fn repeat(
        &self,
        ctx: &RequestContext,
        new: &NewRegistration<'_>,
    ) -> Result<RegisteredAccount, RegisterError> {
        let shared = &self.0;
        let attempt = || self.try_repeat(ctx, new);
        let repeated = shared.retrying(attempt).await?;
        repeated.announce_login(shared, AccountKind::User);
        Ok(repeated)
    }

    async fn try_repeat(
        &self,
        ctx: &RequestContext,
        new: &NewRegistration<'_>,
    ) -> Result<RegisteredAccount, RegisterError> {
        let shared = &self.0;
        let mut uow = shared.ports.store.begin(Intent::Write).await?;
        let session = open::find_locked(&mut *uow, shared, new.session_id).await?;
        let registered = session.registered.ok_or(GateError::UnknownSession)?;
        let account = uow.accounts().hold(&registered.localpart).await?;
        let account = account.filter(|account| !account.deactivated);
        let account = account.ok_or(RegisterError::Deactivated)?;
        if account.password_hash != session.password_hash {
            return Err(GateError::UnknownSession.into());
        }
        usage::check_renewal(shared, &account)?;
        let tokens = match &registered.answer {
            Some(answer) if !new.inhibit_login => {
                let tokens = log_in_again(&mut *uow, shared, ctx, new, &registered, answer).await?;
                let answer = tokens.digests();
                uow.uia_sessions()
                    .record_answer(new.session_id, &answer)
                    .await?;
                Some(tokens)
            }
            Some(_) | None => None,
        };
        uow.commit().await?;
        Ok(RegisteredAccount {
            user_id: shared.user_id(&registered.localpart),
            tokens,
        })
    }
}

/// New tokens for those of an answer, while these are still there.
async fn log_in_again(
    uow: &mut dyn UnitOfWork,
    shared: &Shared,
    ctx: &RequestContext,
    new: &NewRegistration<'_>,
    registered: &Registered,
    answer: &AnsweredTokens,
) -> Result<IssuedTokens, RegisterError> {
    let Registered {
        localpart,
        device_id,
        ..
    } = registered;
    // The device first: a logout at the same moment either waits for this unit of work, or has removed
    // the device when the row is free.
    let sighting = issue::sighting(ctx, shared.now());
    let whenever = Timestamp::from_unix_ms(i64::MAX);
    let is_there = uow
        .devices()
        .see(localpart, device_id, &sighting, whenever)
        .await?;
    if !is_there || !is_current(uow, shared, answer).await? {
        return Err(GateError::UnknownSession.into());
    }
    let refresh = match answer.refresh {
        Some(_) => new.refresh,
        None => RefreshChoice::NotRequested,
    };
    let login = create::login(new, registered, DeviceHistory::MayExist, refresh);
    Ok(issue::issue(uow, shared, ctx, &login).await?)
}

/// Are the tokens of an answer still those of the login? A refresh token that was exchanged has arrived,
/// and so has the answer.
async fn is_current(
    uow: &mut dyn UnitOfWork,
    shared: &Shared,
    answer: &AnsweredTokens,
) -> Result<bool, RegisterError> {
    let access = uow.tokens().find_access(&answer.access).await?;
    let expired = |expires: Option<Timestamp>| expires.is_some_and(|it| it <= shared.now());
    if access.is_none_or(|(token, _)| expired(token.expires)) {
        return Ok(false);
    }
    let Some(refresh) = &answer.refresh else {
        return Ok(true);
    };
    let refresh = uow.tokens().find_refresh(refresh).await?;
    Ok(refresh.is_some_and(|token| token.successor.is_none()))
}
