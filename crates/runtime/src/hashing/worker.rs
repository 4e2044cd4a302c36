//! What one hashing thread does, from start to end.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use registrar_domain::ports::Observer;
use registrar_domain::ports::observer::Event;

use super::job::Recipe;
use super::queue::Queue;

/// Takes jobs until the queue is closed.
pub(super) fn run(queue: &Queue, recipe: &Recipe, observer: &dyn Observer) {
    step_back();
    let mut memory = recipe.memory();
    while let Some((job, waited)) = queue.pop() {
        let hashes = job.hashes();
        #[expect(
            clippy::disallowed_methods,
            reason = "measures its own work, for Retry-After"
        )]
        let start = Instant::now();
        // Memory is scratch space, and the job is consumed, so nothing half done is seen later. The
        // job's reply is dropped on the way out, which the request reads as a failure.
        let outcome = catch_unwind(AssertUnwindSafe(|| job.run(recipe, &mut memory)));
        let worked = start.elapsed();
        queue.done(hashes, worked);
        if outcome.is_ok() {
            observer.observe(&Event::PasswordHashed { waited, worked });
        } else {
            tracing::error!("password hashing panicked");
            memory = recipe.memory();
        }
    }
}

/// Lets the other threads of the machine go first, so that requests that hash nothing hardly wait for
/// those that do. Not the last of all: a flood of cheap requests that keeps every core busy would
/// leave a login nothing of them.
#[cfg(target_os = "linux")]
fn step_back() {
    /// A third of the weight of other threads.
    const NICE: i32 = 5;
    // On Linux `None` is the calling thread, not the whole process.
    if let Err(error) = rustix::process::setpriority_process(None, NICE) {
        tracing::debug!(%error, "cannot lower the priority of a hashing thread");
    }
}

#[cfg(not(target_os = "linux"))]
fn step_back() {}
