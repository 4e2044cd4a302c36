//! The state machine of user-interactive authentication never clears early.

use proptest::prelude::*;
use registrar_domain::model::uia::Stage;
use registrar_domain::model::uia::flow::Flow;
use registrar_domain::model::uia::progress::{Progress, progress};

fn stage() -> impl Strategy<Value = Stage> {
    proptest::sample::select(&Stage::ALL[..])
}

fn flow() -> impl Strategy<Value = Vec<Stage>> {
    proptest::collection::vec(stage(), 0..5)
}

proptest! {
    /// Whatever is passed, in whatever order and however often, the gate opens exactly when some flow
    /// that asks for anything has nothing left to ask for.
    #[test]
    fn any_order_of_stages_clears_exactly_when_a_flow_is_complete(
        flows in proptest::collection::vec(flow(), 0..5),
        passed in proptest::collection::vec(stage(), 0..12),
    ) {
        let configured: Vec<Flow> = flows.iter().cloned().map(Flow::new).collect();
        let mut completed = Vec::new();
        for stage in passed {
            let missing_in_all = flows.iter().all(|flow| {
                flow.is_empty() || flow.iter().any(|needed| !completed.contains(needed))
            });
            let expected = if missing_in_all { Progress::Pending } else { Progress::Cleared };
            prop_assert_eq!(progress(&configured, &completed), expected);
            completed.push(stage);
        }
    }

    /// Passing more stages never closes the gate again.
    #[test]
    fn a_cleared_uia_session_stays_cleared(
        flows in proptest::collection::vec(flow(), 1..5),
        mut completed in proptest::collection::vec(stage(), 0..8),
        more in stage(),
    ) {
        let flows: Vec<Flow> = flows.into_iter().map(Flow::new).collect();
        if progress(&flows, &completed) == Progress::Cleared {
            completed.push(more);
            prop_assert_eq!(progress(&flows, &completed), Progress::Cleared);
        }
    }
}
