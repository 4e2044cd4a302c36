//! `POST /register?kind=guest`: an account without a password, for looking around.
//!
//! Reference §1.3. Nothing of the body counts but the name of the device.

use super::create::{may_have_committed, next_numbered};
use super::rules::{self, Admission};
use super::{RegisterError, RegisterOutcome, RegisterRequest, RegisteredAccount, Registration};
use crate::account::{Account, AccountKind, name, usage};
use crate::context::RequestContext;
use crate::device::DisplayName;
use crate::id::DeviceId;
use crate::ports::Intent;
use crate::ports::observer::Applicant;
use crate::token::issue::{self, DeviceHistory, NewLogin, RefreshWish};

impl Registration {
    pub(super) async fn register_guest(
        &self,
        ctx: &RequestContext,
        request: &RegisterRequest,
    ) -> Result<RegisterOutcome, RegisterError> {
        let core = &self.0;
        if !core.policy.registration.guests_allowed {
            return Err(RegisterError::GuestsForbidden);
        }
        let name = request.initial_device_display_name.optional();
        let name =
            name.map_err(|_| RegisterError::MalformedField("initial_device_display_name"))?;
        let display_name = name.map(|text| DisplayName::parse(text)).transpose()?;
        let limit = &core.limits.registration;
        let spent = limit.spend(&ctx.limit_key(), core.monotonic())?;
        let admission = rules::judge_named(core, None).await?;
        usage::check_registration(core, None).await?;
        let kept = spent.keep();
        let attempt = || self.try_create_guest(ctx, display_name.as_ref(), admission);
        let registered = core.retrying(attempt).await.inspect_err(|error| {
            if !may_have_committed(error)
                && let Some(kept) = kept
            {
                kept.give_back();
            }
        })?;
        let shadow_banned = admission == Admission::ShadowBanned;
        registered.announce(core, AccountKind::Guest, Applicant::Client, shadow_banned);
        Ok(RegisterOutcome::Registered(registered))
    }

    async fn try_create_guest(
        &self,
        ctx: &RequestContext,
        display_name: Option<&DisplayName>,
        admission: Admission,
    ) -> Result<RegisteredAccount, RegisterError> {
        let core = &self.0;
        let mut uow = core.ports.store.begin(Intent::Write).await?;
        let localpart = next_numbered(&mut *uow, core).await?;
        let mut account = Account::new(localpart.clone(), AccountKind::Guest, core.now());
        account.shadow_banned = admission == Admission::ShadowBanned;
        name::add(&mut *uow, &account).await?;
        let login = NewLogin {
            localpart: &localpart,
            device_id: &DeviceId::guest(),
            display_name,
            refresh: RefreshWish::NotWanted,
            device: DeviceHistory::New,
        };
        let tokens = issue::issue(&mut *uow, core, ctx, &login).await?;
        uow.commit().await?;
        Ok(RegisteredAccount {
            user_id: core.user_id(&localpart),
            tokens: Some(tokens),
        })
    }
}
