//! The door to work that an answer does not wait for.

use std::pin::Pin;

/// Work that runs to its end by itself. It reports its own failures.
pub type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Runs work after the answer, so that neither its duration nor its failure shows in the answer.
///
/// Tasks run to their end, also after the client has gone, and when the process stops it waits for
/// them as long as it waits for requests.
pub trait Background: Send + Sync {
    /// Reserves room for one task; `None` when too many run already. Asked for before the work is
    /// promised to anybody.
    fn reserve(&self) -> Option<Box<dyn Room>>;
}

/// Room for one task. Dropped, it is given back.
pub trait Room: Send {
    /// Runs the task.
    fn run(self: Box<Self>, task: Task);
}
