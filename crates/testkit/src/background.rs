//! Background work that a test can hold back.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;

use registrar_domain::ports::Background;
use registrar_domain::ports::background::{Room, Task};

/// Runs each task at once as far as it gets without waiting, and the rest on the runtime.
#[derive(Clone, Default)]
pub struct FakeBackground(Arc<FakeState>);

#[derive(Default)]
struct FakeState {
    is_full: AtomicBool,
    is_paused: AtomicBool,
    waiting: Mutex<Vec<Task>>,
}

impl FakeBackground {
    /// Has no room from now on, or has some again.
    pub fn be_full(&self, is_full: bool) {
        let state = &self.0;
        state.is_full.store(is_full, Ordering::SeqCst);
    }

    /// Keeps tasks from now on until [`finish`](Self::finish).
    pub fn pause(&self) {
        let state = &self.0;
        state.is_paused.store(true, Ordering::SeqCst);
    }

    /// Runs the tasks that have not ended.
    pub async fn finish(&self) {
        let tasks = std::mem::take(&mut *self.waiting());
        for task in tasks {
            task.await;
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<Task>> {
        let waiting = self.0.waiting.lock();
        waiting.unwrap_or_else(PoisonError::into_inner)
    }
}

impl Background for FakeBackground {
    fn reserve(&self) -> Option<Box<dyn Room>> {
        let is_full = self.0.is_full.load(Ordering::SeqCst);
        (!is_full).then(|| Box::new(self.clone()) as Box<dyn Room>)
    }
}

impl Room for FakeBackground {
    fn run(self: Box<Self>, mut task: Task) {
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        let is_paused = self.0.is_paused.load(Ordering::SeqCst);
        if is_paused {
            self.waiting().push(task);
        } else if task.as_mut().poll(&mut context).is_pending() {
            tokio::spawn(task);
        }
    }
}
