//! [`Health`]: the state of the server, for load balancers and process supervisors.

use std::fmt;

/// Reports the state of the server to `/health` and `/ready`. It must return at once: an
/// implementation checks in the background.
pub trait Health: Send + Sync + fmt::Debug {
    /// The current state.
    fn condition(&self) -> Condition;
}

/// The state of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// It can serve requests.
    Ready,
    /// It cannot serve requests at present, and recovers without a restart.
    Unready,
    /// It cannot serve requests until it is restarted.
    Broken,
}
