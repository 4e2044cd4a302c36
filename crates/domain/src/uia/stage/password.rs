//! `m.login.password`: a signed-in user gives their password once more.
//!
//! Spec: <https://spec.matrix.org/v1.16/client-server-api/#password-based>

use crate::account::credentials;
use crate::account::identifier;
use crate::context::RequestContext;
use crate::core::Core;
use crate::id::Localpart;
use crate::ports::Trust;
use crate::uia::auth::Submission;
use crate::uia::gate_error::GateError;
use crate::uia::{StageFailure, StageResult};

/// Checks the password. Slow, so it comes before the unit of work.
pub(crate) async fn examine(
    core: &Core,
    submission: &Submission,
    ctx: &RequestContext,
    requester: &Localpart,
) -> Result<Result<StageResult, StageFailure>, GateError> {
    use crate::account::credentials::CredentialError;

    if !core.policy.password.reauth_enabled {
        return Err(GateError::PasswordLoginDisabled);
    }
    let password = submission
        .password
        .value()
        .ok_or(GateError::MalformedField("password"))?;
    let named = identifier::resolve(core, &submission.identity).await?;
    match credentials::check(core, ctx.hash_turn(Trust::Proved), &named, password).await {
        Ok(verified) if verified.account.localpart == *requester => Ok(Ok(StageResult::Account(
            verified.account.localpart,
            verified.hash.digest(),
        ))),
        Ok(_) => Err(GateError::AnotherUser),
        Err(CredentialError::Wrong) => Ok(Err(StageFailure::WrongPassword)),
        Err(error) => Err(error.into()),
    }
}
