//! [`Health`]: how the server is, for load balancers and for supervisors that restart processes.

use std::fmt;

/// Knows how the server is. It is asked by `/health` and `/ready`, so it must answer at once: an
/// implementation looks in the background.
pub trait Health: Send + Sync + fmt::Debug {
    /// How the server is now.
    fn condition(&self) -> Condition;
}

/// How the server is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// It can serve requests.
    Ready,
    /// It cannot serve requests at the moment, and will by itself when the trouble is over.
    Unready,
    /// It will not serve requests before it is restarted.
    Broken,
}
