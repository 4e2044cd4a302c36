//! Which addresses the operator wants on this server.
//!
//! Reference §8.8.

use super::{Medium, Threepid};
use crate::core::Core;
use crate::pattern::{Matching, Pattern};
use crate::ports::HookError;
use crate::ports::registration_hooks::ThreepidPurpose;

/// `allowed_local_3pids`: if there is any, an address must match one of its medium.
#[derive(Clone, Debug)]
pub struct AllowedThreepid {
    /// The medium.
    pub medium: Medium,
    /// Matches from the beginning of the address; it need not match to the end.
    pub pattern: Pattern,
}

impl AllowedThreepid {
    /// A comparison that takes too many steps allows nothing.
    fn matches(&self, threepid: &Threepid) -> bool {
        self.pattern.matches(threepid.address()) == Matching::Match
    }
}

/// May somebody have this address on this server, by the operator's list and by their own rules?
pub(crate) async fn is_allowed(
    core: &Core,
    threepid: &Threepid,
    purpose: ThreepidPurpose,
) -> Result<bool, HookError> {
    if let Some(hooks) = &core.ports.hooks
        && !hooks.is_threepid_allowed(threepid, purpose).await?
    {
        return Ok(false);
    }
    let allowed = &core.policy.threepids.allowed;
    Ok(allowed.is_empty()
        || allowed
            .iter()
            .any(|it| it.medium == threepid.medium() && it.matches(threepid)))
}
