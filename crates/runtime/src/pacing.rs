//! Slows down clients that ask for one username after the other (`docs/BEHAVIOR.md` §6.2).
//!
//! The rule itself is [`rule`], pure and tested as a table; here are the timers, the queue and the
//! bounded memory around it. The limits hold within one process.

mod rule;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use registrar_domain::model::limit::LimitExceeded;
use registrar_domain::ports::observer::{Event, Limit};
use registrar_domain::ports::{Observer, Pacer, Turn};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use self::rule::{Arrivals, Pace, SLEEP_MS, WINDOW_MS};

/// Clients that are remembered at once; about 200 bytes each.
const MAX_LANES: usize = 50_000;

/// Lets each client have one request answered at a time, and delays or refuses further ones.
pub struct AvailabilityPacer {
    /// Monotonic time counts from here: waits must not depend on somebody setting the clock.
    start: Instant,
    hasher: RandomState,
    lanes: Mutex<Lanes>,
    observer: Arc<dyn Observer>,
}

/// The clients that are being slowed down at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Load {
    /// Those who ask so often that their questions have to wait.
    pub delayed_clients: usize,
    /// Those of whom so many questions wait that more would be refused.
    pub refused_clients: usize,
}

#[derive(Debug, Default)]
struct Lanes {
    by_key: HashMap<u64, Lane>,
    swept_at_ms: u64,
}

/// What is known about one client.
#[derive(Debug, Default)]
struct Lane {
    arrivals: Arrivals,
    gate: Arc<Gate>,
}

/// Where the requests of one client queue. Tokio's semaphore is first in, first out, and a waiting
/// request that is dropped leaves the queue by itself.
#[derive(Debug)]
struct Gate {
    turn: Arc<Semaphore>,
    waiting: AtomicUsize,
}

impl Default for Gate {
    fn default() -> Self {
        Self {
            turn: Arc::new(Semaphore::new(1)),
            waiting: AtomicUsize::new(0),
        }
    }
}

/// Counts its holder as waiting, until dropped.
#[derive(Debug)]
struct Waiting(Arc<Gate>);

impl Waiting {
    fn at(gate: &Arc<Gate>) -> Self {
        gate.waiting.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(gate))
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What is in store for a request that was not refused.
enum Place {
    Turn(OwnedSemaphorePermit),
    Queue(Waiting),
    SleepThenQueue(Waiting),
}

#[async_trait]
impl Pacer for AvailabilityPacer {
    async fn admit(&self, key: &str) -> Result<Turn, LimitExceeded> {
        let asked = Instant::now();
        let place = self.arrive(key).inspect_err(|_| {
            let limit = Limit::Availability;
            self.observer.observe(&Event::LimitExceeded { limit });
        })?;
        let waiting = match place {
            Place::Turn(permit) => {
                self.admitted_after(Duration::ZERO);
                return Ok(Box::new(permit));
            }
            Place::Queue(waiting) => waiting,
            Place::SleepThenQueue(waiting) => {
                self.observer.observe(&Event::AvailabilityDelayed);
                tokio::time::sleep(Duration::from_millis(SLEEP_MS)).await;
                waiting
            }
        };
        let turn = Arc::clone(&waiting.0.turn);
        let permit = turn
            .acquire_owned()
            .await
            .expect("a gate's semaphore is never closed");
        self.admitted_after(asked.elapsed());
        Ok(Box::new(permit))
    }
}

impl AvailabilityPacer {
    /// A pacer that has not met anybody. Must be called within a Tokio runtime.
    pub fn new(observer: Arc<dyn Observer>) -> Self {
        Self {
            start: Instant::now(),
            hasher: RandomState::new(),
            lanes: Mutex::default(),
            observer,
        }
    }

    /// How many clients are being slowed down.
    pub fn load(&self) -> Load {
        let now_ms = self.now_ms();
        let lanes = self.lanes();
        let clients = || lanes.by_key.values();
        let delayed = clients().filter(|lane| lane.arrivals.are_too_many(now_ms));
        let refused = clients().filter(|lane| rule::would_refuse(lane.waiting()));
        Load {
            delayed_clients: delayed.count(),
            refused_clients: refused.count(),
        }
    }

    fn admitted_after(&self, waited: Duration) {
        self.observer
            .observe(&Event::AvailabilityAdmitted { waited });
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn arrive(&self, key: &str) -> Result<Place, LimitExceeded> {
        // Only a digest is kept, so that a long key costs no more than a short one.
        let key = self.hasher.hash_one(key);
        let now_ms = self.now_ms();
        let mut lanes = self.lanes();
        lanes.sweep(now_ms);
        if lanes.by_key.len() >= MAX_LANES && !lanes.by_key.contains_key(&key) {
            lanes.make_room()?;
        }
        let Lane { arrivals, gate } = lanes.by_key.entry(key).or_default();
        match arrivals.admit(now_ms, gate.waiting.load(Ordering::Relaxed)) {
            Pace::Refuse => Err(LimitExceeded {
                retry_after_ms: WINDOW_MS,
            }),
            Pace::Sleep => Ok(Place::SleepThenQueue(Waiting::at(gate))),
            // This cannot overtake anybody: the semaphore gives to its queue first.
            Pace::Go => Ok(Arc::clone(&gate.turn)
                .try_acquire_owned()
                .map_or_else(|_| Place::Queue(Waiting::at(gate)), Place::Turn)),
        }
    }

    fn lanes(&self) -> MutexGuard<'_, Lanes> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lanes {
    /// Forgets idle clients, once a window.
    fn sweep(&mut self, now_ms: u64) {
        if now_ms.saturating_sub(self.swept_at_ms) < WINDOW_MS {
            return;
        }
        self.swept_at_ms = now_ms;
        self.by_key
            .retain(|_, lane| lane.is_occupied() || lane.arrivals.any_within(now_ms));
        // What a flood has allocated goes back when it has passed.
        if self.by_key.capacity() > 4 * self.by_key.len().max(1024) {
            self.by_key.shrink_to(2 * self.by_key.len());
        }
    }

    /// Forgets the unoccupied clients that have been quiet for longest, a tenth of all.
    ///
    /// # Errors
    /// [`LimitExceeded`] when every client has a request waiting or being answered: a flood of keys
    /// must not set anybody free who is being held.
    fn make_room(&mut self) -> Result<(), LimitExceeded> {
        let mut last_arrivals: Vec<u64> = self
            .by_key
            .values()
            .filter(|lane| !lane.is_occupied())
            .map(|lane| lane.arrivals.last_ms())
            .collect();
        if last_arrivals.is_empty() {
            return Err(LimitExceeded {
                retry_after_ms: WINDOW_MS,
            });
        }
        let tenth = last_arrivals.len().min(MAX_LANES / 10) - 1;
        let (_, cut, _) = last_arrivals.select_nth_unstable(tenth);
        let cut = *cut;
        self.by_key
            .retain(|_, lane| lane.is_occupied() || lane.arrivals.last_ms() > cut);
        Ok(())
    }
}

impl Lane {
    /// Requests of this client that sleep or queue.
    fn waiting(&self) -> usize {
        self.gate.waiting.load(Ordering::Relaxed)
    }

    /// Is a request of this client waiting or being answered?
    fn is_occupied(&self) -> bool {
        self.waiting() > 0 || self.gate.turn.available_permits() == 0
    }
}
