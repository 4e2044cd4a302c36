//! `m.login.registration_token`: an invitation, of which one use is reserved for the session.
//!
//! Spec: <https://spec.matrix.org/v1.16/client-server-api/#token-authenticated-registration>

use crate::model::given::Given;
use crate::model::registration_token::{HeldRegistrationToken, RegistrationTokenId};
use crate::model::uia::{StageFailure, StageResult, UiaSession};
use crate::ports::store::StoreErrorKind;
use crate::ports::{StoreError, UnitOfWork};
use crate::usecase::shared::Shared;

/// Looks at what was submitted, as far as that needs no database.
pub(crate) fn examine(
    token: &Given<String>,
    continues_session: bool,
) -> Result<&str, StageFailure> {
    let token = match token {
        Given::Absent => return Err(StageFailure::TokenMissing),
        Given::Null | Given::Malformed => return Err(StageFailure::TokenUnreadable),
        Given::Value(token) => token,
    };
    // A use is reserved for a session, so it must be one that the client knows.
    if continues_session {
        Ok(token)
    } else {
        Err(StageFailure::SessionMissing)
    }
}

/// Reserves a use for the session, once, whatever becomes of the token afterwards.
pub(crate) async fn settle(
    uow: &mut dyn UnitOfWork,
    shared: &Shared,
    session: &mut UiaSession,
    token: &str,
) -> Result<Result<StageResult, StageFailure>, StoreError> {
    if let Some(held) = &session.registration_token {
        let same = held.id.expose() == token;
        return Ok(if same {
            Ok(StageResult::Passed)
        } else {
            Err(StageFailure::TokenChanged)
        });
    }
    let Ok(id) = RegistrationTokenId::parse(token) else {
        return Ok(Err(StageFailure::TokenInvalid));
    };
    let Some(key) = uow.registration_tokens().reserve(&id, shared.now()).await? else {
        return Ok(Err(StageFailure::TokenInvalid));
    };
    let held = HeldRegistrationToken { key, id };
    if !uow
        .uia_sessions()
        .hold_registration_token(&session.id, &held)
        .await?
    {
        // Another request of this session was faster: undo the reservation and look again.
        return Err(StoreErrorKind::Contended.into());
    }
    session.registration_token = Some(held);
    Ok(Ok(StageResult::Passed))
}
