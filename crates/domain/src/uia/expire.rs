//! The periodic removal of UIA sessions, by one process at a time.
//!
//! Reference §2.2: a session lives from its creation, not from its last use, and until the job finds
//! it.

use std::sync::Arc;
use std::time::Duration;

use crate::core::Core;
use crate::ports::{Intent, StoreError};

/// How long a session lives.
pub const LIFETIME: Duration = Duration::from_secs(48 * 60 * 60);
/// How often the job should run, and how long after start it runs first.
pub const PERIOD: Duration = Duration::from_secs(5 * 60);

/// Sessions removed in one unit of work, so that no lock is held for long.
const BATCH: u32 = 500;
const LEASE: &str = "expire_uia_sessions";

/// The job.
#[derive(Clone)]
pub struct UiaExpiry(Arc<Core>);

impl UiaExpiry {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self(core)
    }

    /// Removes the sessions that have had their time. `holder` names this process.
    ///
    /// The number removed, or `None` when another process is doing it.
    ///
    /// # Errors
    /// [`StoreError`]; what was removed until then stays removed.
    pub async fn run(&self, holder: &str) -> Result<Option<usize>, StoreError> {
        let core = &self.0;
        let mut total = 0;
        loop {
            let now = core.now();
            let mut uow = core.ports.store.begin(Intent::Write).await?;
            // The lease ends just before the next run is due, whoever runs it.
            let until = now.after(PERIOD - Duration::from_secs(5));
            if !uow.leases().acquire(LEASE, holder, now, until).await? {
                return Ok((total > 0).then_some(total));
            }
            let removed = uow
                .uia_sessions()
                .remove_expired(now.before(LIFETIME), BATCH)
                .await?;
            uow.commit().await?;
            total += removed;
            if removed < BATCH as usize {
                return Ok(Some(total));
            }
        }
    }
}
