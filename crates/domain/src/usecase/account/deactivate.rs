//! Closing an account: what all ways to it have in common.

pub mod own;

use crate::model::id::Localpart;
use crate::model::threepid::AccountThreepid;
use crate::model::uia::ErasePolicy;
use crate::ports::store::{AccountChanges, Change};
use crate::ports::{StoreError, UnitOfWork};

/// What a closed account had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Deactivated {
    /// Its third-party identifiers, so that they can be unbound at an identity server.
    pub(crate) threepids: Vec<AccountThreepid>,
}

/// Closes an account in the caller's unit of work: its third-party identifiers, devices, tokens and
/// password are gone, and nobody else can have its name. `None` when there is no such account.
///
/// Idempotent. A login or a refresh at the same moment holds the account, so that it either comes first
/// and is ended here, or comes later and finds the account deactivated.
///
/// # Errors
/// [`StoreError`].
pub(crate) async fn deactivate(
    uow: &mut dyn UnitOfWork,
    localpart: &Localpart,
    erase_policy: ErasePolicy,
) -> Result<Option<Deactivated>, StoreError> {
    if !uow.accounts().deactivate(localpart).await? {
        return Ok(None);
    }
    let threepids = uow.threepids().list(localpart).await?;
    uow.threepids().remove_all(localpart).await?;
    uow.devices().remove_all(localpart).await?;
    uow.tokens().remove_all(localpart).await?;
    uow.tokens().remove_made_for(localpart).await?;
    if erase_policy == ErasePolicy::Erase {
        let changes = AccountChanges {
            display_name: Change::Set(None),
            erased: Change::Set(true),
            ..AccountChanges::default()
        };
        uow.accounts().update(localpart, &changes).await?;
    }
    Ok(Some(Deactivated { threepids }))
}
