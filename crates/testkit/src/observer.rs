//! An observer that a test can ask.

use std::sync::Mutex;
use std::sync::PoisonError;

use registrar_domain::ports::Observer;
use registrar_domain::ports::observer::Event;

/// Remembers everything.
#[derive(Debug, Default)]
pub struct FakeObserver {
    events: Mutex<Vec<Event>>,
}

impl FakeObserver {
    /// What has happened since the last call, oldest first.
    pub fn take(&self) -> Vec<Event> {
        let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *events)
    }
}

impl Observer for FakeObserver {
    fn observe(&self, event: &Event) {
        self.events
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(*event);
    }
}
