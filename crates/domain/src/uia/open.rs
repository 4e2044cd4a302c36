//! Finding a session that can still be continued. The job that removes sessions runs only now and then,
//! and one that has registered an account ends long before it is removed.

use super::gate_error::GateError;
use super::{UiaSession, UiaSessionId};
use crate::core::Core;
use crate::ports::{StoreError, UnitOfWork};

/// The session, if it can still be continued.
///
/// # Errors
/// [`GateError::UnknownSession`], [`GateError::Store`].
pub(crate) async fn find(
    uow: &mut dyn UnitOfWork,
    core: &Core,
    id: &UiaSessionId,
) -> Result<UiaSession, GateError> {
    check(core, uow.uia_sessions().find(id).await)
}

/// The same for a unit of work that changes the session: requests of one session take turns, and each
/// sees what the one before it did.
///
/// # Errors
/// As for [`find`].
pub(crate) async fn find_locked(
    uow: &mut dyn UnitOfWork,
    core: &Core,
    id: &UiaSessionId,
) -> Result<UiaSession, GateError> {
    check(core, uow.uia_sessions().find_locked(id).await)
}

fn check(
    core: &Core,
    found: Result<Option<UiaSession>, StoreError>,
) -> Result<UiaSession, GateError> {
    found?
        .filter(|session| session.is_open(core.now()))
        .ok_or(GateError::UnknownSession)
}
