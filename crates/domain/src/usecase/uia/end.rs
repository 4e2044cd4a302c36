//! What becomes of what a session held when it ends.

use crate::model::uia::EndedSession;
use crate::ports::{StoreError, UnitOfWork};

/// Gives back the uses of registration tokens that became no account, in the unit of work in which the
/// sessions were removed.
///
/// # Errors
/// [`StoreError`].
pub(crate) async fn give_back(
    uow: &mut dyn UnitOfWork,
    ended: &[EndedSession],
) -> Result<(), StoreError> {
    for (token, uses) in EndedSession::unused(ended) {
        uow.registration_tokens().release(token, uses).await?;
    }
    Ok(())
}
