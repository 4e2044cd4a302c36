//! Messages that nobody interrupts, and that go out once.
//!
//! A client that hangs up drops its request wherever it stands. Between the commit of a session, the
//! message and the record of the attempt that would lose the message, or send it twice when the client
//! asks again. So these three run in the background once they have begun, and the client waits for
//! them; a repeated request waits until the first has ended, and then finds what became of it.
//!
//! Turns are taken in this process. Where several share a database, a repeated request that reaches
//! another one while a message is under way may send it again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_channel::oneshot;

use crate::model::secret::TokenDigest;
use crate::model::threepid::Threepid;

/// Who wants a message, and where it goes.
pub(crate) type Key = (TokenDigest, Threepid);

/// The messages that are under way, and the requests that wait for one of them to end.
#[derive(Clone, Default)]
pub(crate) struct Flights(Arc<Mutex<HashMap<Key, Vec<oneshot::Sender<()>>>>>);

/// The right to be the only one who sends something for a [`Key`]; ends when dropped.
pub(crate) struct Turn {
    flights: Flights,
    key: Key,
}

impl Flights {
    /// Waits until nothing else is sent for this key.
    pub(crate) async fn turn(&self, key: Key) -> Turn {
        loop {
            let ended = {
                let mut waiting = self.lock();
                let Some(others) = waiting.get_mut(&key) else {
                    waiting.insert(key.clone(), Vec::new());
                    break;
                };
                others.retain(|other| !other.is_canceled());
                let (ends, ended) = oneshot::channel();
                others.push(ends);
                ended
            };
            // An error means that the sender was dropped, and so does the end.
            let _ended = ended.await;
        }
        Turn {
            flights: self.clone(),
            key,
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Vec<oneshot::Sender<()>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        // Dropping the senders wakes those who wait.
        self.flights.lock().remove(&self.key);
    }
}
