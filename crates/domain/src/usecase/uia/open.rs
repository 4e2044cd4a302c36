//! Finding a session that can still be continued. The job that removes sessions runs only now and then,
//! and one that has registered an account ends long before it is removed.

use super::gate_error::GateError;
use crate::model::uia::{UiaSession, UiaSessionId};
use crate::ports::{StoreError, UnitOfWork};
use crate::usecase::shared::Shared;

/// The session, if it can still be continued.
///
/// # Errors
/// [`GateError::UnknownSession`], [`GateError::Store`].
pub(crate) async fn find(
    uow: &mut dyn UnitOfWork,
    shared: &Shared,
    id: &UiaSessionId,
) -> Result<UiaSession, GateError> {
    check(shared, uow.uia_sessions().find(id).await)
}

/// The same for a unit of work that changes the session: requests of one session take turns, and each
/// sees what the one before it did.
///
/// # Errors
/// As for [`find`].
pub(crate) async fn find_locked(
    uow: &mut dyn UnitOfWork,
    shared: &Shared,
    id: &UiaSessionId,
) -> Result<UiaSession, GateError> {
    check(shared, uow.uia_sessions().find_locked(id).await)
}

fn check(
    shared: &Shared,
    found: Result<Option<UiaSession>, StoreError>,
) -> Result<UiaSession, GateError> {
    found?
        .filter(|session| session.is_open(shared.now()))
        .ok_or(GateError::UnknownSession)
}
