//! An account that needs no interactive authentication, with its first login, in one transaction: for application
//! services and for registration by shared secret.

use super::RegisteredAccount;
use crate::model::account::Account;
use crate::model::context::RequestContext;
use crate::model::device::DisplayName;
use crate::model::id::DeviceId;
use crate::ports::Intent;
use crate::ports::observer::Applicant;
use crate::usecase::name::{self, NameError};
use crate::usecase::shared::Shared;
use crate::usecase::token::issue::{self, DeviceHistory, NewLogin, RefreshChoice};

/// The device that a new account logs in on.
pub(crate) struct FirstLogin {
    pub(crate) device_id: DeviceId,
    pub(crate) display_name: Option<DisplayName>,
    pub(crate) refresh: RefreshChoice,
}

/// Adds an account whose name was checked, and logs it in unless nobody wants that.
pub(crate) async fn enroll(
    shared: &Shared,
    ctx: &RequestContext,
    account: &Account,
    applicant: Applicant,
    login: Option<&FirstLogin>,
) -> Result<RegisteredAccount, NameError> {
    let attempt = || try_enroll(shared, ctx, account, login);
    let registered = shared.retrying(attempt).await?;
    registered.announce(shared, account.kind, applicant, account.shadow_banned);
    Ok(registered)
}

async fn try_enroll(
    shared: &Shared,
    ctx: &RequestContext,
    account: &Account,
    login: Option<&FirstLogin>,
) -> Result<RegisteredAccount, NameError> {
    let mut uow = shared.ports.store.begin(Intent::Write).await?;
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
            Some(issue::issue(&mut *uow, shared, ctx, &login).await?)
        }
    };
    uow.commit().await?;
    let user_id = shared.user_id(&account.localpart);
    Ok(RegisteredAccount { user_id, tokens })
}
