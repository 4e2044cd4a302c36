//! Stages on web pages, for clients that do not know them: a person passes a stage in a browser,
//! and the client asks afterwards how far the session is.
//!
//! A page stands outside of the request that the session is for, so it proves nothing about that
//! request: neither which one it is, nor from where it comes.
//!
//! See `docs/BEHAVIOR.md` §2.10. Spec: <https://spec.matrix.org/v1.16/client-server-api/#fallback>

use std::sync::Arc;

use super::auth::Submission;
use super::examined::{self, ExaminedStage, StageClient};
use super::gate::GateError;
use super::open;
use crate::model::context::RequestContext;
use crate::model::threepid::Purpose;
use crate::model::uia::{Stage, StageFailure, UiaSessionId};
use crate::ports::Intent;
use crate::ports::store::Constraint;
use crate::usecase::shared::Shared;

/// A page does not know what its session is for, so it accepts no address that was validated.
const PURPOSES: &[Purpose] = &[];

/// The use-case.
#[derive(Clone)]
pub struct Fallback(Arc<Shared>);

/// What became of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FallbackOutcome {
    /// The stage is passed.
    Passed,
    /// It is not, and can be examined again.
    Failed(StageFailure),
    /// The operator does not ask for the stage.
    NotEnabled,
}

impl Fallback {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self(shared)
    }

    /// Is there such a session, of whichever operation?
    ///
    /// # Errors
    /// [`GateError::UnknownSession`], [`GateError::Store`].
    pub async fn check_session(&self, session_id: &str) -> Result<(), GateError> {
        let id = UiaSessionId::parse(session_id).ok_or(GateError::UnknownSession)?;
        let mut uow = self.0.ports.store.begin(Intent::Read).await?;
        open::find(&mut *uow, &self.0, &id).await.map(|_| ())
    }

    /// Attempts a stage in a session, of whichever operation.
    ///
    /// # Errors
    /// [`GateError::UnknownSession`], and what goes wrong in the stage itself.
    pub async fn attempt(
        &self,
        ctx: &RequestContext,
        session_id: &str,
        stage: Stage,
        submission: &Submission,
    ) -> Result<FallbackOutcome, GateError> {
        let shared = &self.0;
        if !shared.policy.registration.stages.contains(&stage) {
            return Ok(FallbackOutcome::NotEnabled);
        }
        let id = UiaSessionId::parse(session_id).ok_or(GateError::UnknownSession)?;
        if stage.is_slow() {
            // Nobody is asked for a session that is not there.
            let mut uow = shared.ports.store.begin(Intent::Read).await?;
            open::find(&mut *uow, shared, &id).await?;
        }
        let client = StageClient {
            ctx,
            requester: None,
            continues_session: true,
        };
        let Some(examined) = examined::examine(shared, client, stage, submission).await? else {
            return Ok(FallbackOutcome::NotEnabled);
        };
        let guess = examined.guess(shared, ctx)?;
        let outcome = shared.retrying(|| step(shared, &id, &examined)).await;
        if let Some(guess) = guess {
            guess.end(match &outcome {
                Ok(FallbackOutcome::Failed(failure)) => Some(*failure),
                Ok(FallbackOutcome::Passed | FallbackOutcome::NotEnabled) | Err(_) => None,
            });
        }
        match outcome {
            // The session expired at the same moment.
            Err(GateError::Store(error)) if error.is_conflict(Constraint::MissingReference) => {
                Err(GateError::UnknownSession)
            }
            outcome => outcome,
        }
    }
}

/// One unit of work: load the session, settle the stage and record it.
async fn step(
    shared: &Shared,
    id: &UiaSessionId,
    examined: &ExaminedStage<'_>,
) -> Result<FallbackOutcome, GateError> {
    let mut uow = shared.ports.store.begin(Intent::Write).await?;
    let mut session = open::find_locked(&mut *uow, shared, id).await?;
    let failure = examined::settle(&mut *uow, shared, &mut session, PURPOSES, examined).await?;
    uow.commit().await?;
    Ok(failure.map_or(FallbackOutcome::Passed, FallbackOutcome::Failed))
}
