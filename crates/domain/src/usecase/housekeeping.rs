//! Periodic jobs that remove expired sessions, tokens and proofs, each by one process at a time.
//!
//! See `docs/BEHAVIOR.md` §2.2, §9.3. What is past its lifetime is refused wherever it is used,
//! whether its job has found it or not.

use std::sync::Arc;
use std::time::Duration;

use crate::model::job::Job;
use crate::model::threepid::ValidationSession;
use crate::model::time::Timestamp;
use crate::model::uia::UiaSession;
use crate::ports::observer::{Event, JobOutcome};
use crate::ports::{Intent, StoreError, UnitOfWork};
use crate::usecase::shared::Shared;
use crate::usecase::threepid::request::message_window;
use crate::usecase::uia::end;
use crate::usecase::usage;

/// Rows removed in one unit of work, so that no lock is held for long.
const BATCH: u32 = 500;

/// The use-case.
#[derive(Clone)]
pub struct Housekeeping(Arc<Shared>);

impl Housekeeping {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self(shared)
    }

    /// Does a job. `holder` names this process.
    ///
    /// The number of rows removed, or `None` when another process is doing it.
    ///
    /// # Errors
    /// [`StoreError`]; what was removed until then stays removed.
    pub async fn run(&self, job: Job, holder: &str) -> Result<Option<usize>, StoreError> {
        let result = self.work(job, holder).await;
        let outcome = match &result {
            Ok(Some(_)) => JobOutcome::Done,
            Ok(None) => JobOutcome::Elsewhere,
            Err(_) => JobOutcome::Failed,
        };
        self.0.observe(Event::JobEnded { job, outcome });
        result
    }

    async fn work(&self, job: Job, holder: &str) -> Result<Option<usize>, StoreError> {
        let shared = &self.0;
        let mut total = 0;
        loop {
            let now = shared.now();
            let mut uow = shared.ports.store.begin(Intent::Write).await?;
            // The lease ends just before the next run is due, in whichever process.
            let until = now.after(job.period() - Duration::from_secs(5));
            if !uow.leases().acquire(job.name(), holder, now, until).await? {
                return Ok((total > 0).then_some(total));
            }
            let removed = remove_batch(job, &mut *uow, now).await?;
            uow.commit().await?;
            total += removed;
            if removed < BATCH as usize {
                return Ok(Some(total));
            }
        }
    }
}

/// Removes at most [`BATCH`] rows.
async fn remove_batch(
    job: Job,
    uow: &mut dyn UnitOfWork,
    now: Timestamp,
) -> Result<usize, StoreError> {
    match job {
        Job::UiaSessions => {
            let created_before = now.before(UiaSession::LIFETIME);
            let ended = uow
                .uia_sessions()
                .remove_expired(created_before, BATCH)
                .await?;
            end::give_back(uow, &ended).await?;
            Ok(ended.len())
        }
        Job::Validations => {
            let validated_before = now.before(ValidationSession::USABLE_FOR);
            let sessions = uow.validations();
            let removed = sessions
                .remove_expired(now, validated_before, BATCH)
                .await?;
            let window = message_window(now);
            let delegated = sessions
                .remove_expired_delegated(now, window, BATCH)
                .await?;
            Ok(removed + delegated)
        }
        Job::ActiveUsers => {
            let before = now.before(usage::MONTH);
            uow.activity().remove_before(before, BATCH).await
        }
    }
}
