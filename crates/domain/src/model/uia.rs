//! User-interactive authentication (UIA): flows, stages and sessions, and when a session has completed a
//! flow.
//!
//! Spec: <https://spec.matrix.org/v1.16/client-server-api/#user-interactive-authentication-api>

pub mod flow;
pub mod progress;
mod session;
mod stage;

pub use session::{
    AnsweredTokens, CompletedStage, EndedSession, ErasePolicy, GuestClaim, OperationDigest,
    OtherDevices, Parameters, RegisterParameters, Registered, StageResult, UiaLogin, UiaRequester,
    UiaSession, UiaSessionId,
};
pub use stage::{Stage, StageFailure};
