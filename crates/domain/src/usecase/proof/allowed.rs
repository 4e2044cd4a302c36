//! Which addresses the operator wants on this server.
//!
//! See `docs/BEHAVIOR.md` §8.8.

use crate::model::threepid::Threepid;
use crate::ports::HookError;
use crate::ports::registration_hooks::ThreepidPurpose;
use crate::usecase::shared::Shared;

/// May somebody have this address on this server, by the operator's list and by their own rules?
pub(crate) async fn is_allowed(
    shared: &Shared,
    threepid: &Threepid,
    purpose: ThreepidPurpose,
) -> Result<bool, HookError> {
    if let Some(hooks) = &shared.ports.hooks
        && !hooks.is_threepid_allowed(threepid, purpose).await?
    {
        return Ok(false);
    }
    let allowed = &shared.policy.threepids.allowed;
    Ok(allowed.is_empty() || allowed.iter().any(|it| it.matches(threepid)))
}
