//! The bounded queue between requests and hashing threads: [`FairQueue`] behind a lock, with what the
//! threads need. It counts hashes, not jobs, since a bcrypt comparison is as much work as many of
//! them.

use std::num::NonZeroUsize;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use registrar_domain::model::context::HashTurn;
use registrar_domain::model::password::argon2id::Cost;

use super::Load;
use super::fair::{Bounds, FairQueue, NoPlace, Ticket};
use super::job::Job;

/// Hashes of default cost that one core computes in two seconds.
const DEFAULT_CAPACITY_PER_THREAD: f64 = 140.0;
/// The time of one hash of default cost on one core, until a real one has been measured.
const DEFAULT_HASH_MS: f64 = 2000.0 / DEFAULT_CAPACITY_PER_THREAD;
/// The bounds of a computed capacity, per thread: a short queue even if hashes are very expensive, and
/// bounded memory even if they are very cheap.
const CAPACITY_BOUNDS: (f64, f64) = (4.0, 1000.0);
/// How much of the mean time one measurement changes.
const SMOOTHING: f64 = 1.0 / 16.0;

/// No place left.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Full {
    /// Milliseconds that the queued work takes.
    pub(super) retry_after_ms: u64,
}

#[derive(Debug)]
pub(super) struct Queue {
    threads: usize,
    state: Mutex<State>,
    arrival: Condvar,
}

/// A job in the queue.
#[derive(Debug)]
struct Queued {
    job: Job,
    since: Instant,
}

#[derive(Debug)]
struct State {
    jobs: FairQueue<Queued>,
    busy: usize,
    mean_hash_ms: f64,
    closed: bool,
}

impl Queue {
    pub(super) fn new(threads: usize, cost: &Cost, capacity: Option<NonZeroUsize>) -> Self {
        let relative_cost = relative_cost(cost);
        let capacity =
            capacity.map_or_else(|| default_capacity(threads, relative_cost), Into::into);
        let state = State {
            jobs: FairQueue::new(Bounds::of(capacity)),
            busy: 0,
            mean_hash_ms: DEFAULT_HASH_MS * relative_cost,
            closed: false,
        };
        Self {
            threads,
            state: Mutex::new(state),
            arrival: Condvar::new(),
        }
    }

    /// Queues a job. Jobs that lose their place to it are answered here.
    ///
    /// # Errors
    /// [`Full`].
    pub(super) fn push(&self, turn: HashTurn, job: Job) -> Result<Ticket, Full> {
        let hashes = job.hashes();
        #[expect(
            clippy::disallowed_methods,
            reason = "measures waits for numbers that nothing depends on"
        )]
        let since = Instant::now();
        let mut displaced = Vec::new();
        let mut state = self.state();
        let retry_after_ms = self.wait_ms(&state);
        let queued = Queued { job, since };
        let pushed = state.jobs.push(turn, hashes, queued, &mut displaced);
        drop(state);
        for Queued { job, .. } in displaced {
            job.refuse(retry_after_ms);
        }
        let ticket = pushed.map_err(|NoPlace| Full { retry_after_ms })?;
        self.arrival.notify_one();
        Ok(ticket)
    }

    /// Takes a job out whose request has gone; does nothing once a thread has it.
    pub(super) fn cancel(&self, ticket: Ticket) {
        let canceled = self.state().jobs.cancel(ticket);
        drop(canceled);
    }

    /// Waits for the next job, and says how long it has waited; `None` once the queue is closed.
    pub(super) fn pop(&self) -> Option<(Job, Duration)> {
        let mut state = self.state();
        while !state.closed {
            let Some(next) = state.jobs.pop() else {
                state = self
                    .arrival
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            state.busy += next.hashes;
            let Queued { job, since } = next.job;
            return Some((job, since.elapsed()));
        }
        None
    }

    /// A popped job of so many `hashes` has ended after `elapsed`.
    pub(super) fn done(&self, hashes: usize, elapsed: Duration) {
        #[expect(clippy::cast_precision_loss, reason = "a job is a handful of hashes")]
        let hash_ms = elapsed.as_secs_f64() * 1000.0 / hashes as f64;
        let mut state = self.state();
        state.busy -= hashes;
        state.mean_hash_ms += (hash_ms - state.mean_hash_ms) * SMOOTHING;
    }

    /// Ends every wait of [`pop`](Self::pop) and drops the jobs that nobody will do.
    pub(super) fn close(&self) {
        let mut state = self.state();
        state.closed = true;
        state.jobs.clear();
        drop(state);
        self.arrival.notify_all();
    }

    pub(super) fn load(&self) -> Load {
        let state = self.state();
        Load {
            queued: state.jobs.waiting(),
            busy: state.busy,
            capacity: state.jobs.bounds().total,
        }
    }

    /// Milliseconds until everything that waits has been computed.
    fn wait_ms(&self, state: &State) -> u64 {
        #[expect(clippy::cast_precision_loss, reason = "a few thousand at most")]
        let wait_ms = state.jobs.waiting() as f64 * state.mean_hash_ms / self.threads as f64;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "positive, and the cast saturates"
        )]
        let wait_ms = wait_ms.ceil() as u64;
        wait_ms.max(1)
    }

    /// No code that may panic runs under this lock with the state half changed.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How many times the work of a hash of default cost.
fn relative_cost(cost: &Cost) -> f64 {
    let work = |cost: &Cost| f64::from(cost.memory_kib) * f64::from(cost.passes);
    work(cost) / work(&Cost::default())
}

fn default_capacity(threads: usize, relative_cost: f64) -> usize {
    let (least, most) = CAPACITY_BOUNDS;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between the bounds, both small and positive"
    )]
    let per_thread = (DEFAULT_CAPACITY_PER_THREAD / relative_cost).clamp(least, most) as usize;
    threads * per_thread
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use registrar_domain::model::context::{ClientKey, Trust};
    use registrar_domain::model::password::{Password, PasswordHash, Verification};
    use registrar_domain::ports::HashError;
    use tokio::sync::oneshot;

    use super::*;

    const DEFAULT: Cost = Cost {
        memory_kib: 19_456,
        passes: 2,
        lanes: 1,
    };

    fn queue(threads: usize, capacity: usize) -> Queue {
        Queue::new(threads, &DEFAULT, NonZeroUsize::new(capacity))
    }

    /// The turn of one client among others.
    fn turn(client: u8) -> HashTurn {
        HashTurn {
            client: ClientKey::V4(Ipv4Addr::new(192, 0, 2, client)),
            trust: Trust::Charged,
        }
    }

    /// A job, and where its answer arrives.
    fn job(stored: &str) -> (Job, oneshot::Receiver<Result<Verification, HashError>>) {
        let (reply, answer) = oneshot::channel();
        let password = Password::parse("secret").unwrap();
        let stored = PasswordHash::from_stored(stored.to_owned());
        (
            Job::Verify {
                password,
                stored,
                reply,
            },
            answer,
        )
    }

    const ARGON2ID: &str = "$argon2id$";
    const BCRYPT: &str = "$2b$12$";

    #[test]
    fn the_default_capacity_is_two_seconds_of_work() {
        let check = |threads, memory_kib, passes, expected| {
            let cost = Cost {
                memory_kib,
                passes,
                lanes: 1,
            };
            let capacity = Queue::new(threads, &cost, None).load().capacity;
            assert_eq!(capacity, expected, "{threads} threads, {cost:?}");
        };
        check(1, 19_456, 2, 140);
        check(4, 19_456, 2, 560);
        check(2, 19_456, 4, 140);
        check(1, 8, 1, 1000);
        check(1, 4_194_304, 10, 4);
    }

    #[test]
    fn a_full_queue_tells_how_long_its_work_takes() {
        let queue = queue(2, 3);
        let (jobs, _answers): (Vec<_>, Vec<_>) = (0..4).map(|_| job(ARGON2ID)).unzip();
        let push = |(client, job)| queue.push(turn(client), job).map(|_ticket| ());
        let outcomes: Vec<_> = (1..).zip(jobs).map(push).collect();
        // Three hashes of 14.3 ms on two threads.
        let full = Err(Full { retry_after_ms: 22 });
        assert_eq!(outcomes, [Ok(()), Ok(()), Ok(()), full]);
        assert_eq!(
            queue.load(),
            Load {
                queued: 3,
                busy: 0,
                capacity: 3
            }
        );
    }

    #[test]
    fn measured_hashes_move_the_estimate() {
        let queue = queue(1, 1);
        let (first, _answer) = job(ARGON2ID);
        queue.push(turn(1), first).unwrap();
        for _ in 0..200 {
            queue.state().busy += 1;
            queue.done(1, Duration::from_millis(500));
        }
        let (second, _answer) = job(ARGON2ID);
        assert_eq!(
            queue.push(turn(2), second),
            Err(Full {
                retry_after_ms: 500
            })
        );
    }

    #[test]
    fn bcrypt_counts_as_many_hashes() {
        let queue = queue(1, 20);
        let (bcrypt, _answer) = job(BCRYPT);
        queue.push(turn(1), bcrypt).unwrap();
        assert_eq!(queue.load().queued, 16);
        let (other, _answer) = job(BCRYPT);
        assert!(queue.push(turn(2), other).is_err());
        assert_eq!(queue.pop().map(|(job, _)| job.hashes()), Some(16));
        assert_eq!(
            queue.load(),
            Load {
                queued: 0,
                busy: 16,
                capacity: 20
            }
        );
        queue.done(16, Duration::from_millis(230));
        assert_eq!(queue.load().busy, 0);
    }

    #[test]
    fn a_queue_smaller_than_a_bcrypt_job_still_takes_one() {
        let queue = queue(1, 1);
        let (bcrypt, _answer) = job(BCRYPT);
        assert!(queue.push(turn(1), bcrypt).is_ok());
    }

    #[test]
    fn a_canceled_job_makes_room_at_once() {
        let queue = queue(1, 2);
        let (abandoned, _gone) = job(ARGON2ID);
        let (wanted, _answer) = job(ARGON2ID);
        let ticket = queue.push(turn(1), abandoned).unwrap();
        queue.push(turn(2), wanted).unwrap();
        queue.cancel(ticket);
        assert_eq!(queue.load().queued, 1);
        let (another, _answer) = job(ARGON2ID);
        assert!(queue.push(turn(3), another).is_ok());
        assert!(queue.pop().is_some());
        assert_eq!(queue.load().busy, 1);
    }

    #[tokio::test]
    async fn a_displaced_job_is_answered() {
        let queue = queue(1, 4);
        let (jobs, mut answers): (Vec<_>, Vec<_>) = (0..4).map(|_| job(ARGON2ID)).unzip();
        for (client, job) in [1, 1, 2, 3].into_iter().zip(jobs) {
            queue.push(turn(client), job).unwrap();
        }
        let proved = HashTurn {
            trust: Trust::Proved,
            ..turn(4)
        };
        let (newcomer, _answer) = job(ARGON2ID);
        queue.push(proved, newcomer).unwrap();
        let displaced = answers.remove(1).await.unwrap();
        assert!(
            matches!(
                displaced,
                Err(HashError::Busy {
                    retry_after_ms: 1..
                })
            ),
            "{displaced:?}"
        );
        assert_eq!(queue.load().queued, 4);
    }

    #[test]
    fn a_closed_queue_gives_no_jobs() {
        let queue = queue(1, 2);
        let (job, _answer) = job(ARGON2ID);
        queue.push(turn(1), job).unwrap();
        queue.close();
        assert!(queue.pop().is_none());
    }
}
