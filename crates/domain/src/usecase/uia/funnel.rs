//! What observers hear of a request at the gate: where people open a session, and at which stage they are
//! lost.

use super::gate::{Decision, GateError, GateRequest};
use crate::model::uia::Stage;
use crate::ports::observer::{Event, StageOutcome};
use crate::usecase::shared::Shared;

/// Tells observers what became of a request at the gate.
pub(super) fn observe(
    shared: &Shared,
    request: &GateRequest<'_>,
    outcome: &Result<Decision, GateError>,
) {
    if outcome.is_ok() && request.continuation.session_id().is_none() {
        shared.observe(Event::UiaSessionOpened);
    }
    let Some(stage) = attempted(request) else {
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
fn attempted(request: &GateRequest<'_>) -> Option<Stage> {
    let (name, _) = request.continuation.attempt().ok()??;
    Stage::parse(name).filter(|stage| request.operation.enabled.contains(stage))
}
