//! Setting a password: what all ways to it have in common.

use crate::model::id::Localpart;
use crate::model::password::PasswordHash;
use crate::ports::{StoreError, UnitOfWork};
use crate::usecase::token::authenticate::Requester;

/// What becomes of the logins of an account with a new password.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Logins<'a> {
    /// They go on.
    Keep,
    /// All of them end: every device and every token.
    EndAll,
    /// All of them end but the one that the requester uses.
    EndOthers(&'a Requester),
}

/// Sets the password of an account in the caller's unit of work. `false` when there is no such
/// account, or it is deactivated; nothing has happened then.
///
/// # Errors
/// [`StoreError`].
pub(crate) async fn set_password(
    uow: &mut dyn UnitOfWork,
    localpart: &Localpart,
    password_hash: &PasswordHash,
    logins: Logins<'_>,
) -> Result<bool, StoreError> {
    if !uow
        .accounts()
        .set_password_hash(localpart, password_hash)
        .await?
    {
        return Ok(false);
    }
    match logins {
        Logins::Keep => {}
        Logins::EndAll => {
            uow.devices().remove_all(localpart).await?;
            uow.tokens().remove_all(localpart).await?;
        }
        Logins::EndOthers(requester) => {
            match &requester.device_id {
                Some(device_id) => uow.devices().remove_others(localpart, device_id).await?,
                None => uow.devices().remove_all(localpart).await?,
            };
            // The other access tokens of the requester's device, and those without a device.
            match requester.access_token() {
                Some(key) => uow.tokens().remove_other_access(localpart, key).await?,
                None => uow.tokens().remove_all(localpart).await?,
            }
        }
    }
    Ok(true)
}
