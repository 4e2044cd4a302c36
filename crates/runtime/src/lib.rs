#![doc = include_str!("../README.md")]

mod background;
mod hashing;
mod pacing;
mod system;

use std::sync::Arc;

use registrar_domain::ports::{EmailValidation, Observer, Ports, Store};

pub use background::Tasks;
pub use hashing::calibrate;
pub use hashing::{HashPool, HashingOptions, Load as HashingLoad, StartError};
pub use pacing::{AvailabilityPacer, Load as PacingLoad};
pub use system::{OsEntropy, SystemClock};

/// The ports of one process, running.
#[derive(Clone)]
pub struct Runtime {
    /// Where passwords are hashed.
    pub hash_pool: Arc<HashPool>,
    /// What slows down questions about username availability.
    pub pacer: Arc<AvailabilityPacer>,
    /// Work after the answer. [`Tasks::finish`] waits for it when the process stops.
    pub tasks: Tasks,
    observer: Arc<dyn Observer>,
}

impl Runtime {
    /// Starts the hashing threads and everything else. The observer hears what happens in all of it.
    ///
    /// # Errors
    /// [`StartError`].
    pub fn start(hashing: HashingOptions, observer: Arc<dyn Observer>) -> Result<Self, StartError> {
        let hash_pool = HashPool::start(hashing, Arc::new(OsEntropy), Arc::clone(&observer))?;
        Ok(Self {
            hash_pool: Arc::new(hash_pool),
            pacer: Arc::new(AvailabilityPacer::new(Arc::clone(&observer))),
            tasks: Tasks::default(),
            observer,
        })
    }

    /// The ports over this process and a store, without those to other servers.
    pub fn ports(&self, store: Arc<dyn Store>) -> Ports {
        Ports {
            store,
            password_hasher: self.hash_pool.clone(),
            email: EmailValidation::Off,
            msisdn: None,
            captcha: None,
            hooks: None,
            pacer: self.pacer.clone(),
            background: Arc::new(self.tasks.clone()),
            clock: Arc::new(SystemClock),
            entropy: Arc::new(OsEntropy),
            observer: Arc::clone(&self.observer),
        }
    }
}
