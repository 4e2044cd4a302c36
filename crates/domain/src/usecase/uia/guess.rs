//! Guessing registration tokens. Failures are charged wherever a token can be tried: to the client, and
//! to all clients together, so that neither one address nor many can try out tokens.
//!
//! Only failures stay charged. So people with a right token are not in each other's way, and while
//! everything is spent by an attack, each neighborhood still has one attempt.

use crate::model::context::RequestContext;
use crate::model::limit::{Kept, LimitExceeded};
use crate::model::uia::StageFailure;
use crate::usecase::shared::Shared;

/// An attempt with a registration token. It counts as a failure until its end is known, since the
/// token may have been examined when a request is dropped.
#[derive(Debug)]
pub(crate) struct Guess<'a>(Vec<Kept<'a>>);

impl<'a> Guess<'a> {
    /// Begins an attempt to pass the stage.
    ///
    /// # Errors
    /// [`LimitExceeded`]: this client has failed too often, or all together.
    pub(crate) fn at_stage(
        shared: &'a Shared,
        ctx: &RequestContext,
    ) -> Result<Self, LimitExceeded> {
        let limits = &shared.limits;
        let by_client = limits
            .registration_token_validity
            .spend(&ctx.limit_key(), shared.monotonic())?;
        let Self(mut kept) = Self::anywhere(shared, ctx)?;
        kept.extend(by_client.keep());
        Ok(Self(kept))
    }

    /// Begins an attempt that the client has been charged for already.
    ///
    /// # Errors
    /// [`LimitExceeded`]: all clients together have failed too often.
    pub(crate) fn anywhere(
        shared: &'a Shared,
        ctx: &RequestContext,
    ) -> Result<Self, LimitExceeded> {
        let limits = &shared.limits;
        let in_total = limits.failed_registration_tokens.spend_or(
            "all",
            &limits.reserved_token_attempts,
            &ctx.client_key().neighborhood().to_string(),
            shared.monotonic(),
        )?;
        Ok(Self(in_total.keep().into_iter().collect()))
    }

    /// Ends an attempt to pass the stage.
    pub(crate) fn end(self, failure: Option<StageFailure>) {
        if failure != Some(StageFailure::TokenInvalid) {
            self.was_right();
        }
    }

    /// The token was good, or was not looked at.
    pub(crate) fn was_right(self) {
        self.0.into_iter().for_each(Kept::give_back);
    }
}
