//! User-interactive authentication (UIA): the gate in front of every protected use-case.
//!
//! [`gate`] continues a session by one request and lets complete ones through; [`fallback`] does one
//! stage on a web page. One file a stage under `stage`. The rules are in [`crate::model::uia`].
//!
//! Spec: <https://spec.matrix.org/v1.16/client-server-api/#user-interactive-authentication-api>

pub mod auth;
pub(crate) mod continuation;
pub(crate) mod end;
mod examined;
pub mod fallback;
pub mod gate;
mod gate_error;
pub(crate) mod guess;
pub(crate) mod open;
pub mod prompt;
pub(crate) mod reauthenticate;
mod stage;
