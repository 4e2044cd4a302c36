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

/// Runs each task at once as far as it gets without waiting, and the rest on the runtime.
#[cfg(feature = "fakes")]
#[derive(Clone, Default)]
pub struct FakeBackground(std::sync::Arc<FakeState>);

#[cfg(feature = "fakes")]
#[derive(Default)]
struct FakeState {
    is_full: std::sync::atomic::AtomicBool,
    is_paused: std::sync::atomic::AtomicBool,
    waiting: std::sync::Mutex<Vec<Task>>,
}

#[cfg(feature = "fakes")]
impl FakeBackground {
    /// Has no room from now on, or has some again.
    pub fn be_full(&self, is_full: bool) {
        let state = &self.0;
        state
            .is_full
            .store(is_full, std::sync::atomic::Ordering::SeqCst);
    }

    /// Keeps tasks from now on until [`finish`](Self::finish).
    pub fn pause(&self) {
        let state = &self.0;
        state
            .is_paused
            .store(true, std::sync::atomic::Ordering::SeqCst);
    }

    /// Runs the tasks that have not ended.
    pub async fn finish(&self) {
        let tasks = std::mem::take(&mut *self.waiting());
        for task in tasks {
            task.await;
        }
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, Vec<Task>> {
        let waiting = self.0.waiting.lock();
        waiting.unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[cfg(feature = "fakes")]
impl Background for FakeBackground {
    fn reserve(&self) -> Option<Box<dyn Room>> {
        let is_full = self.0.is_full.load(std::sync::atomic::Ordering::SeqCst);
        (!is_full).then(|| Box::new(self.clone()) as Box<dyn Room>)
    }
}

#[cfg(feature = "fakes")]
impl Room for FakeBackground {
    fn run(self: Box<Self>, mut task: Task) {
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        let is_paused = self.0.is_paused.load(std::sync::atomic::Ordering::SeqCst);
        if is_paused {
            self.waiting().push(task);
        } else if task.as_mut().poll(&mut context).is_pending() {
            tokio::spawn(task);
        }
    }
}
