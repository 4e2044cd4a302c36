//! An account that needs no dialogue, with its first login, in one transaction: for application
//! services and for whoever knows the shared secret.

use super::Account;
use super::name::{self, NameError};
use super::register::RegisteredAccount;
use crate::context::RequestContext;
use crate::core::Core;
use crate::device::DisplayName;
use crate::id::DeviceId;
use crate::ports::Intent;
use crate::ports::observer::Applicant;
use crate::token::issue::{self, DeviceHistory, NewLogin, RefreshWish};

/// The device that a new account logs in on.
pub(crate) struct FirstLogin {
    pub(crate) device_id: DeviceId,
    pub(crate) display_name: Option<DisplayName>,
    pub(crate) refresh: RefreshWish,
}

/// Adds an account whose name was checked, and logs it in unless nobody wants that.
pub(crate) async fn enroll(
    core: &Core,
    ctx: &RequestContext,
    account: &Account,
    applicant: Applicant,
    login: Option<&FirstLogin>,
) -> Result<RegisteredAccount, NameError> {
    let attempt = || try_enroll(core, ctx, account, login);
    let registered = core.retrying(attempt).await?;
    registered.announce(core, account.kind, applicant, account.shadow_banned);
    Ok(registered)
}

async fn try_enroll(
    core: &Core,
    ctx: &RequestContext,
    account: &Account,
    login: Option<&FirstLogin>,
) -> Result<RegisteredAccount, NameError> {
    let mut uow = core.ports.store.begin(Intent::Write).await?;
    name::add(&mut *uow, account).await?;
    let tokens = match login {
        None => None,
        Some(first) => {
            let login = NewLogin {
                localpart: &account.localpart,
                device_id: &first.device_id,
                display_name: first.display_name.as_ref(),
                refresh: first.refresh,
                device: DeviceHistory::New,
            };
            Some(issue::issue(&mut *uow, core, ctx, &login).await?)
        }
    };
    uow.commit().await?;
    let user_id = core.user_id(&account.localpart);
    Ok(RegisteredAccount { user_id, tokens })
}
