//! `POST /register?kind=guest`: an account without a password, for looking around.
//!
//! See `docs/BEHAVIOR.md` §1.3. Nothing of the body counts but the name of the device.

use super::create::{may_have_committed, next_numbered};
use super::rules::{self, Admission};
use super::{RegisterError, RegisterOutcome, RegisterRequest, RegisteredAccount, Registration};
use crate::model::account::{Account, AccountKind};
use crate::model::context::RequestContext;
use crate::model::device::DisplayName;
use crate::model::id::DeviceId;
use crate::ports::Intent;
use crate::ports::observer::Applicant;
use crate::usecase::token::issue::{self, DeviceHistory, NewLogin, RefreshChoice};
use crate::usecase::{name, usage};

impl Registration {
    pub(super) async fn register_guest(
        &self,
        ctx: &RequestContext,
        request: &RegisterRequest,
    ) -> Result<RegisterOutcome, RegisterError> {
        let shared = &self.0;
        if !shared.policy.registration.guests_allowed {
            return Err(RegisterError::GuestsForbidden);
        }
        let name = request
            .initial_device_display_name
            .optional(RegisterError::MalformedField("initial_device_display_name"))?;
        let display_name = name.map(|text| DisplayName::parse(text)).transpose()?;
        let limit = &shared.limits.registration;
        let spent = limit.spend(&ctx.limit_key(), shared.monotonic())?;
        let admission = rules::judge_named(shared, None).await?;
        usage::check_registration(shared, None).await?;
        let kept = spent.keep();
        let attempt = || self.try_create_guest(ctx, display_name.as_ref(), admission);
        let registered = shared.retrying(attempt).await.inspect_err(|error| {
            if !may_have_committed(error)
                && let Some(kept) = kept
            {
                kept.give_back();
            }
        })?;
        let shadow_banned = admission == Admission::ShadowBanned;
        registered.announce(shared, AccountKind::Guest, Applicant::Client, shadow_banned);
        Ok(RegisterOutcome::Registered(registered))
    }

    async fn try_create_guest(
        &self,
        ctx: &RequestContext,
        display_name: Option<&DisplayName>,
        admission: Admission,
    ) -> Result<RegisteredAccount, RegisterError> {
        let shared = &self.0;
        let mut uow = shared.ports.store.begin(Intent::Write).await?;
        let localpart = next_numbered(&mut *uow, shared).await?;
        let mut account = Account::new(localpart.clone(), AccountKind::Guest, shared.now());
        account.shadow_banned = admission == Admission::ShadowBanned;
        name::add(&mut *uow, &account).await?;
        let login = NewLogin {
            localpart: &localpart,
            device_id: &DeviceId::guest(),
            display_name,
            refresh: RefreshChoice::NotRequested,
            device: DeviceHistory::New,
        };
        let tokens = issue::issue(&mut *uow, shared, ctx, &login).await?;
        uow.commit().await?;
        Ok(RegisteredAccount {
            user_id: shared.user_id(&localpart),
            tokens: Some(tokens),
        })
    }
}
