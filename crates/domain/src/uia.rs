//! User-interactive authentication (UIA): flows, stages, sessions.
//!
//! [`flow`] computes the operator's flows once at start-up; [`advance`] decides, as a pure function,
//! whether a session has completed one; [`gate`] stands in front of every protected use-case.
//! One file a stage under [`stage`].
//!
//! Spec: <https://spec.matrix.org/v1.16/client-server-api/#user-interactive-authentication-api>

pub mod advance;
mod attempt;
pub mod auth;
pub mod fallback;
pub mod flow;
mod funnel;
pub mod gate;
mod gate_error;
pub(crate) mod open;
pub(crate) mod reauthenticate;
mod session;
pub mod stage;

pub use session::{
    AnsweredTokens, CompletedStage, GuestClaim, OperationDigest, OtherDevices, Parameters,
    RegisterParameters, Registered, StageResult, Traces, UiaLogin, UiaRequester, UiaSession,
    UiaSessionId,
};
pub use stage::{Stage, StageFailure};
