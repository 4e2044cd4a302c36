//! May anybody use the server now? The operator may have closed it, or have a limit on how many
//! people use it in a month.
//!
//! A user is active for 30 days after the last authenticated request of one of their devices,
//! whatever becomes of the device, the password or the account. Guests, support users, the users of
//! application services and users on trial do not count; the owners of reserved addresses have a
//! place each, whether they are active or not.
//!
//! See `docs/BEHAVIOR.md` §8.3.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::model::account::{Account, AccountKind};
use crate::model::policy::{MonthlyLimit, ServerDisabled};
use crate::model::threepid::Threepid;
use crate::model::time::Timestamp;
use crate::ports::{Intent, StoreError, UnitOfWork};
use crate::usecase::shared::Shared;

/// How long a user counts as active.
pub(crate) const MONTH: Duration = Duration::from_hours(30 * 24);

/// How old the recorded activity of an active user may become before it is written again.
const GRANULARITY: Duration = Duration::from_hours(1);

/// The `user_type` of accounts that serve the operator.
const SUPPORT: &str = "support";

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
    shared: &Shared,
    email: Option<&Threepid>,
) -> Result<(), UsageError> {
    let Some(limit) = monthly_limit(shared)? else {
        return Ok(());
    };
    if email.is_some_and(|email| limit.reserved.contains(email)) {
        return Ok(());
    }
    let mut uow = shared.ports.store.begin(Intent::Read).await?;
    check_room(&mut *uow, limit, shared.now()).await
}

/// May the owner of an account log in? Those who are active, new enough to be on trial, or have a
/// reserved address may, and so may the server's own people, whose help is needed just then.
pub(crate) async fn check_login(shared: &Shared, account: &Account) -> Result<(), UsageError> {
    if is_exempt(shared, account) {
        return Ok(());
    }
    let Some(limit) = monthly_limit(shared)? else {
        return Ok(());
    };
    let now = shared.now();
    if is_on_trial(account, limit, now) {
        return Ok(());
    }
    let mut uow = shared.ports.store.begin(Intent::Read).await?;
    let last_active = uow.activity().find(&account.localpart).await?;
    if is_active(last_active, now) || has_reserved_address(&mut *uow, account, limit).await? {
        return Ok(());
    }
    check_room(&mut *uow, limit, now).await
}

/// Remembers that a device of an account made a request. A user who was not active becomes so only
/// if there is room; until then they are served, and stay out of the count.
pub(crate) async fn record(
    shared: &Shared,
    uow: &mut dyn UnitOfWork,
    account: &Account,
    now: Timestamp,
) -> Result<(), StoreError> {
    let limit = shared.policy.usage.monthly.as_ref();
    let never_counts = account.kind == AccountKind::Guest
        || account.appservice_id.is_some()
        || account.user_type.as_deref() == Some(SUPPORT)
        || limit.is_some_and(|limit| is_on_trial(account, limit, now));
    if never_counts {
        return Ok(());
    }
    let last_active = uow.activity().find(&account.localpart).await?;
    if last_active.is_some_and(|last| last > now.before(GRANULARITY)) {
        return Ok(());
    }
    if let Some(limit) = limit
        && !is_active(last_active, now)
        && !has_reserved_address(uow, account, limit).await?
        && is_full(uow, limit, now).await?
    {
        return Ok(());
    }
    uow.activity().record(&account.localpart, now).await
}

/// May the owner of an account have new tokens for a login that they have already? A full server
/// goes on serving them; one that is closed serves nobody but its own people.
///
/// # Errors
/// [`UsageError::Disabled`].
pub(crate) fn check_renewal(shared: &Shared, account: &Account) -> Result<(), UsageError> {
    match &shared.policy.usage.disabled {
        Some(disabled) if !is_exempt(shared, account) => {
            Err(UsageError::Disabled(disabled.clone()))
        }
        Some(_) | None => Ok(()),
    }
}

/// Accounts of support staff and of the server itself.
fn is_exempt(shared: &Shared, account: &Account) -> bool {
    let notices = shared.policy.registration.server_notices_localpart.as_ref();
    account.user_type.as_deref() == Some(SUPPORT) || notices == Some(&account.localpart)
}

fn monthly_limit(shared: &Shared) -> Result<Option<&MonthlyLimit>, UsageError> {
    let usage = &shared.policy.usage;
    match &usage.disabled {
        Some(disabled) => Err(UsageError::Disabled(disabled.clone())),
        None => Ok(usage.monthly.as_ref()),
    }
}

fn is_on_trial(account: &Account, limit: &MonthlyLimit, now: Timestamp) -> bool {
    now < account.created.after(limit.trial)
}

fn is_active(last_active: Option<Timestamp>, now: Timestamp) -> bool {
    last_active.is_some_and(|last| last >= now.before(MONTH))
}

async fn has_reserved_address(
    uow: &mut dyn UnitOfWork,
    account: &Account,
    limit: &MonthlyLimit,
) -> Result<bool, StoreError> {
    if limit.reserved.is_empty() {
        return Ok(false);
    }
    let threepids = uow.threepids().list(&account.localpart).await?;
    let mut threepids = threepids.iter().map(|it| &it.threepid);
    Ok(threepids.any(|threepid| limit.reserved.contains(threepid)))
}

async fn check_room(
    uow: &mut dyn UnitOfWork,
    limit: &MonthlyLimit,
    now: Timestamp,
) -> Result<(), UsageError> {
    if is_full(uow, limit, now).await? {
        return Err(UsageError::Full {
            admin_contact: limit.admin_contact.clone(),
        });
    }
    Ok(())
}

/// Are all places taken, by active users or for the owners of reserved addresses who are not
/// active?
async fn is_full(
    uow: &mut dyn UnitOfWork,
    limit: &MonthlyLimit,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let mut absent = BTreeSet::new();
    for threepid in &limit.reserved {
        let Some(owner) = uow.threepids().find_owner(threepid).await? else {
            continue;
        };
        let last_active = uow.activity().find(&owner).await?;
        if !is_active(last_active, now) {
            absent.insert(owner);
        }
    }
    let places = limit.max_users.saturating_sub(absent.len() as u64);
    uow.activity().has_reached(places, now.before(MONTH)).await
}
