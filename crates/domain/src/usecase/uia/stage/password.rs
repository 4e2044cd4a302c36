//! `m.login.password`: a signed-in user gives their password once more.
//!
//! Spec: <https://spec.matrix.org/v1.16/client-server-api/#password-based>

use crate::model::context::{RequestContext, Trust};
use crate::model::id::Localpart;
use crate::model::uia::{StageFailure, StageResult};
use crate::usecase::credentials::{self, identifier};
use crate::usecase::shared::Shared;
use crate::usecase::uia::auth::Submission;
use crate::usecase::uia::gate_error::GateError;

/// Checks the password. Slow, so it comes before the unit of work.
pub(crate) async fn examine(
    shared: &Shared,
    submission: &Submission,
    ctx: &RequestContext,
    requester: &Localpart,
) -> Result<Result<StageResult, StageFailure>, GateError> {
    use crate::usecase::credentials::CredentialError;

    if !shared.policy.password.reauth_enabled {
        return Err(GateError::PasswordLoginDisabled);
    }
    let password = submission
        .password
        .value()
        .ok_or(GateError::MalformedField("password"))?;
    let named = identifier::resolve(shared, &submission.identity).await?;
    match credentials::check(shared, ctx.hash_turn(Trust::Proved), &named, password).await {
        Ok(verified) if verified.account.localpart == *requester => Ok(Ok(StageResult::Account(
            verified.account.localpart,
            verified.hash.digest(),
        ))),
        Ok(_) => Err(GateError::AnotherUser),
        Err(CredentialError::Wrong) => Ok(Err(StageFailure::WrongPassword)),
        Err(error) => Err(error.into()),
    }
}
