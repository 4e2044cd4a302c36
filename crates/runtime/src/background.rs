//! Work that goes on after an answer, such as a mail whose outcome a client must not learn.

use std::sync::Arc;
use std::time::Duration;

use registrar_domain::ports::Background;
use registrar_domain::ports::background::{Room, Task};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tracing::Instrument as _;

/// Tasks at a time. Each mostly waits for another server, which its own deadline ends.
const MAX_TASKS: u32 = 1024;

/// Runs tasks on the runtime.
#[derive(Clone, Debug)]
pub struct Tasks(Arc<Semaphore>);

impl Default for Tasks {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(MAX_TASKS as usize)))
    }
}

impl Tasks {
    /// Waits until all tasks have ended, `grace` at most. Nothing is begun afterwards.
    pub async fn finish(&self, grace: Duration) {
        let all = self.0.acquire_many(MAX_TASKS);
        if tokio::time::timeout(grace, all).await.is_err() {
            let running = MAX_TASKS as usize - self.0.available_permits();
            tracing::warn!(
                running,
                "background work was aborted because it did not finish in time"
            );
        }
        self.0.close();
    }
}

impl Background for Tasks {
    fn reserve(&self) -> Option<Box<dyn Room>> {
        let permit = Arc::clone(&self.0).try_acquire_owned().ok()?;
        Some(Box::new(Reserved(permit)))
    }
}

struct Reserved(OwnedSemaphorePermit);

impl Room for Reserved {
    fn run(self: Box<Self>, task: Task) {
        let work = async move {
            let _permit = self.0;
            task.await;
        };
        tokio::spawn(work.in_current_span());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn stopping_waits_for_what_runs_and_begins_nothing_more() {
        let tasks = Tasks::default();
        let (send, receive) = tokio::sync::oneshot::channel();
        let done = Arc::new(std::sync::atomic::AtomicBool::new(false));
        let flag = Arc::clone(&done);
        tasks.reserve().unwrap().run(Box::pin(async move {
            receive.await.unwrap();
            flag.store(true, std::sync::atomic::Ordering::SeqCst);
        }));
        let finishing = tokio::spawn({
            let tasks = tasks.clone();
            async move { tasks.finish(Duration::from_secs(60)).await }
        });
        tokio::task::yield_now().await;
        send.send(()).unwrap();
        finishing.await.unwrap();
        assert!(done.load(std::sync::atomic::Ordering::SeqCst));
        assert!(tasks.reserve().is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn what_does_not_end_is_cut_off() {
        let tasks = Tasks::default();
        let never = Box::pin(std::future::pending());
        tasks.reserve().unwrap().run(never);
        tasks.finish(Duration::from_secs(1)).await;
    }

    #[tokio::test]
    async fn there_is_room_for_so_many() {
        let tasks = Tasks::default();
        let mut rooms: Vec<_> = (0..MAX_TASKS).map(|_| tasks.reserve().unwrap()).collect();
        assert!(tasks.reserve().is_none());
        rooms.pop();
        assert!(tasks.reserve().is_some());
    }
}
