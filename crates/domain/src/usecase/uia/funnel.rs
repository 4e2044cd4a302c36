//! What observers hear of a request at the gate: where people enter the dialogue, and at which stage
//! they are lost.

use super::gate::{self, Attempt, Decision, GateError};
use crate::model::uia::Stage;
use crate::ports::observer::{Event, StageOutcome};
use crate::usecase::shared::Shared;

/// Tells observers what became of a request at the gate.
pub(super) fn observe(
    shared: &Shared,
    attempt: &Attempt<'_>,
    outcome: &Result<Decision, GateError>,
) {
    if outcome.is_ok() && matches!(gate::session_id(attempt.auth), Ok(None)) {
        shared.observe(Event::DialogueOpened);
    }
    let Some(stage) = attempted(attempt) else {
        return;
    };
    let outcome = match outcome {
        Err(_) => StageOutcome::Refused,
        Ok(Decision::Challenged(prompt)) if prompt.failure.is_some() => StageOutcome::Failed,
        Ok(Decision::Challenged(_) | Decision::Cleared(_)) => StageOutcome::Passed,
    };
    shared.observe(Event::StageAttempted { stage, outcome });
}

/// The stage that the request attempts, if it is one that can be.
fn attempted(attempt: &Attempt<'_>) -> Option<Stage> {
    let name = attempt.auth.value()?.stage.value()?;
    Stage::parse(name).filter(|stage| attempt.operation.enabled.contains(stage))
}
