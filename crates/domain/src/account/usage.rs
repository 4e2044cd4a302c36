//! May anybody use the server now? The operator may have closed it, or have a limit on how many people
//! use it in a month.
//!
//! A user is active for a month after one of their devices was last seen. Guests and the users of
//! application services do not count.
//!
//! Reference §8.3.

use std::time::Duration;

use super::Account;
use crate::core::Core;
use crate::policy::{MonthlyLimit, ServerDisabled};
use crate::ports::store::Activity;
use crate::ports::{Intent, StoreError};
use crate::threepid::Threepid;

/// How long somebody counts as active after they were last seen.
const MONTH: Duration = Duration::from_hours(30 * 24);

/// Why nobody may use the server now.
#[derive(Debug, thiserror::Error)]
pub enum UsageError {
    /// `hs_disabled`.
    #[error("{}", .0.message)]
    Disabled(ServerDisabled),
    /// `max_mau_value` users are active already.
    #[error("this server has reached its limit of monthly active users")]
    Full {
        /// `admin_contact`.
        admin_contact: Option<String>,
    },
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// May somebody register, with this email address if they have proved one?
pub(crate) async fn check_registration(
    core: &Core,
    email: Option<&Threepid>,
) -> Result<(), UsageError> {
    let Some(limit) = monthly_limit(core)? else {
        return Ok(());
    };
    if email.is_some_and(|email| limit.reserved.contains(email)) {
        return Ok(());
    }
    check_room(core, limit).await
}

/// May the owner of an account log in? Whoever is active, new enough to be on trial, or has a reserved
/// address may.
pub(crate) async fn check_login(core: &Core, account: &Account) -> Result<(), UsageError> {
    let Some(limit) = monthly_limit(core)? else {
        return Ok(());
    };
    let is_support = account.user_type.as_deref() == Some("support");
    let notices = core.policy.registration.server_notices_localpart.as_ref();
    let is_on_trial = core.now() < account.created.after(limit.trial);
    if is_support || is_on_trial || notices == Some(&account.localpart) {
        return Ok(());
    }
    let mut uow = core.ports.store.begin(Intent::Read).await?;
    let devices = uow.devices().list(&account.localpart).await?;
    let threepids = uow.threepids().list(&account.localpart).await?;
    drop(uow);
    let month_ago = core.now().before(MONTH);
    let is_active = devices.iter().any(|device| device.last_seen >= month_ago);
    let mut threepids = threepids.iter().map(|it| &it.threepid);
    if is_active || threepids.any(|threepid| limit.reserved.contains(threepid)) {
        return Ok(());
    }
    check_room(core, limit).await
}

fn monthly_limit(core: &Core) -> Result<Option<&MonthlyLimit>, UsageError> {
    let usage = &core.policy.usage;
    match &usage.disabled {
        Some(disabled) => Err(UsageError::Disabled(disabled.clone())),
        None => Ok(usage.monthly.as_ref()),
    }
}

async fn check_room(core: &Core, limit: &MonthlyLimit) -> Result<(), UsageError> {
    let now = core.now();
    let activity = Activity {
        seen_since: now.before(MONTH),
        created_before: now.before(limit.trial),
    };
    let mut uow = core.ports.store.begin(Intent::Read).await?;
    if uow.devices().count_active_users(activity).await? < limit.max_users {
        return Ok(());
    }
    Err(UsageError::Full {
        admin_contact: limit.admin_contact.clone(),
    })
}
