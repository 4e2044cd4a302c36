//! The decision of user-interactive authentication, as a pure function.

use super::Stage;
use super::flow::Flow;

/// How far a UIA session is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The stages of some flow are all complete.
    Cleared,
    /// No flow is complete.
    Pending,
}

/// Is some flow complete?
///
/// A flow is complete when each of its stages is, regardless of other stages and of the order.
/// With no flow at all nothing is ever complete, and neither is a flow without stages: an empty
/// requirement would clear anyone.
pub fn progress(flows: &[Flow], completed: &[Stage]) -> Progress {
    let is_complete = |flow: &Flow| {
        !flow.stages().is_empty() && flow.stages().iter().all(|stage| completed.contains(stage))
    };
    if flows.iter().any(is_complete) {
        Progress::Cleared
    } else {
        Progress::Pending
    }
}
