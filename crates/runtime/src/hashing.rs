//! Password hashing on threads of its own: it never delays a request that hashes nothing, its memory
//! has a ceiling, and when its queue is full it says so at once. Clients take turns ([`fair`]), so
//! that none costs others theirs.
//!
//! What a hash is, is the domain's business ([`registrar_domain::model::password`]); here is where it runs.
//! The runtime's blocking pool would not do: its threads are many, each hash would allocate its
//! memory anew, and database work would queue behind passwords.

pub mod calibrate;
mod fair;
mod job;
mod queue;
#[cfg(test)]
mod tests;
mod worker;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread::JoinHandle;

use async_trait::async_trait;
use registrar_domain::model::context::HashTurn;
use registrar_domain::model::entropy::Entropy;
use registrar_domain::model::password::argon2id::{Cost, CostError};
use registrar_domain::model::password::{Password, PasswordHash, Pepper, Verification};
use registrar_domain::ports::observer::Event;
use registrar_domain::ports::{HashError, Observer, PasswordHasher};
use tokio::sync::oneshot;

use self::fair::Ticket;
use self::job::{Job, Recipe};
use self::queue::{Full, Queue};

/// What the operator chooses about hashing.
#[derive(Clone, Debug)]
pub struct HashingOptions {
    /// At most this many threads, and never more than the machine has cores. `None`: one a core.
    pub threads: Option<NonZeroUsize>,
    /// What a new hash costs.
    pub cost: Cost,
    /// The most memory that verifying an imported hash of another cost may take, in KiB per thread.
    pub max_memory_kib: u32,
    /// `password_config.pepper`.
    pub pepper: Pepper,
    /// How many hashes may wait; a bcrypt comparison counts as
    /// [`BCRYPT_WORK_FACTOR`](registrar_domain::model::password::BCRYPT_WORK_FACTOR) of them.
    /// `None`: about two seconds of work.
    pub queue_capacity: Option<NonZeroUsize>,
}

impl Default for HashingOptions {
    /// A thread a core, and hashes of the cost that is recommended for new ones.
    fn default() -> Self {
        Self {
            threads: None,
            cost: Cost::default(),
            max_memory_kib: 64 * 1024,
            pepper: Pepper::new(String::new()),
            queue_capacity: None,
        }
    }
}

/// Why the threads were not started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A cost that argon2 does not define.
    #[error(transparent)]
    Cost(#[from] CostError),
    /// The system refuses a thread.
    #[error("cannot start a thread for password hashing")]
    Thread(#[source] std::io::Error),
}

/// How busy the pool is at the moment, in hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Load {
    /// Waiting.
    pub queued: usize,
    /// Being computed.
    pub busy: usize,
    /// The most that may wait.
    pub capacity: usize,
}

/// A fixed number of hashing threads behind a bounded queue.
///
/// Dropping it stops the threads: each finishes the hash it is at, and requests that still wait
/// get [`HashError::Failed`].
pub struct HashPool {
    queue: Arc<Queue>,
    observer: Arc<dyn Observer>,
    threads: Vec<JoinHandle<()>>,
}

impl HashPool {
    /// Starts the threads, each with the memory for one hash of the configured cost.
    ///
    /// # Errors
    /// A cost that argon2 does not define, or a thread that the system refuses to start.
    pub fn start(
        options: HashingOptions,
        entropy: Arc<dyn Entropy>,
        observer: Arc<dyn Observer>,
    ) -> Result<Self, StartError> {
        options.cost.check()?;
        let cores = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let threads = options.threads.map_or(cores, |most| most.min(cores)).get();
        let queue = Arc::new(Queue::new(threads, &options.cost, options.queue_capacity));
        let recipe = Arc::new(Recipe {
            cost: options.cost,
            max_memory_kib: options.max_memory_kib,
            pepper: options.pepper,
            entropy,
        });
        // Built first, so that an error below stops the threads that have started already.
        let mut pool = Self {
            queue,
            observer,
            threads: Vec::with_capacity(threads),
        };
        for number in 0..threads {
            let (queue, recipe) = (Arc::clone(&pool.queue), Arc::clone(&recipe));
            let observer = Arc::clone(&pool.observer);
            let thread = std::thread::Builder::new()
                .name(format!("hash-{number}"))
                .spawn(move || worker::run(&queue, &recipe, &*observer))
                .map_err(StartError::Thread)?;
            pool.threads.push(thread);
        }
        Ok(pool)
    }

    /// How busy the pool is at the moment.
    pub fn load(&self) -> Load {
        self.queue.load()
    }

    async fn answer<T>(
        &self,
        turn: HashTurn,
        job: impl FnOnce(job::Reply<T>) -> Job,
    ) -> Result<T, HashError> {
        let (reply, answer) = oneshot::channel();
        let outcome = match self.queue.push(turn, job(reply)) {
            Ok(ticket) => {
                let _place = Place {
                    queue: &self.queue,
                    ticket,
                };
                answer.await.unwrap_or_else(|_| {
                    Err(HashError::Failed(
                        "the hashing thread gave no answer".to_owned(),
                    ))
                })
            }
            Err(Full { retry_after_ms }) => Err(HashError::Busy { retry_after_ms }),
        };
        if let Err(HashError::Busy { .. }) = outcome {
            let Load {
                queued,
                busy,
                capacity,
            } = self.load();
            tracing::debug!(
                hash.queued = queued,
                hash.busy = busy,
                hash.capacity = capacity,
                "password hash refused"
            );
            self.observer.observe(&Event::PasswordHashRefused);
        }
        outcome
    }
}

/// A place in the queue, given back when its request goes away.
struct Place<'a> {
    queue: &'a Queue,
    ticket: Ticket,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.queue.cancel(self.ticket);
    }
}

impl Drop for HashPool {
    fn drop(&mut self) {
        self.queue.close();
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("hashing thread panicked");
            }
        }
    }
}

#[async_trait]
impl PasswordHasher for HashPool {
    #[tracing::instrument(name = "password.hash", level = "debug", skip_all)]
    async fn hash(&self, turn: HashTurn, password: &Password) -> Result<PasswordHash, HashError> {
        let password = password.clone();
        self.answer(turn, |reply| Job::Hash { password, reply })
            .await
    }

    #[tracing::instrument(name = "password.verify", level = "debug", skip_all)]
    async fn verify(
        &self,
        turn: HashTurn,
        password: &Password,
        hash: &PasswordHash,
    ) -> Result<Verification, HashError> {
        let (password, stored) = (password.clone(), hash.clone());
        self.answer(turn, |reply| Job::Verify {
            password,
            stored,
            reply,
        })
        .await
    }
}
