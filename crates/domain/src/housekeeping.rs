//! Periodic jobs that remove expired sessions, tokens and proofs, each by one process at a time.
//!
//! Reference §2.2, §9.3. What is past its lifetime is refused wherever it is used, whether its job has
//! found it or not.

use std::sync::Arc;
use std::time::Duration;

use crate::account::usage;
use crate::core::Core;
use crate::ports::observer::{Event, JobOutcome};
use crate::ports::{Intent, StoreError, UnitOfWork};
use crate::threepid::ValidationSession;
use crate::threepid::request::message_window;
use crate::time::Timestamp;
use crate::uia::UiaSession;

/// Rows removed in one unit of work, so that no lock is held for long.
const BATCH: u32 = 500;

/// The use-case.
#[derive(Clone)]
pub struct Housekeeping(Arc<Core>);

/// A periodic job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Job {
    /// Removes sessions of user-interactive authentication.
    UiaSessions,
    /// Removes validation tokens, the validation sessions that nobody can use any more, and what is
    /// known about proofs of identity servers that are too old.
    Validations,
    /// Removes the activity of users who were not seen for a month.
    ActiveUsers,
}

impl Job {
    /// Every job.
    pub const ALL: [Self; 3] = [Self::UiaSessions, Self::Validations, Self::ActiveUsers];

    /// How often it should run, the first time at the start.
    pub const fn period(self) -> Duration {
        match self {
            Self::UiaSessions => Duration::from_mins(5),
            Self::Validations => Duration::from_mins(30),
            Self::ActiveUsers => Duration::from_hours(1),
        }
    }

    /// Its name, for logs and for its lease.
    pub const fn name(self) -> &'static str {
        match self {
            Self::UiaSessions => "expire_uia_sessions",
            Self::Validations => "expire_validations",
            Self::ActiveUsers => "expire_active_users",
        }
    }

    async fn remove_batch(
        self,
        uow: &mut dyn UnitOfWork,
        now: Timestamp,
    ) -> Result<usize, StoreError> {
        match self {
            Self::UiaSessions => {
                let created_before = now.before(UiaSession::LIFETIME);
                uow.uia_sessions()
                    .remove_expired(created_before, BATCH)
                    .await
            }
            Self::Validations => {
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
            Self::ActiveUsers => {
                let before = now.before(usage::MONTH);
                uow.activity().remove_before(before, BATCH).await
            }
        }
    }
}

impl Housekeeping {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self(core)
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
        let core = &self.0;
        let mut total = 0;
        loop {
            let now = core.now();
            let mut uow = core.ports.store.begin(Intent::Write).await?;
            // The lease ends just before the next run is due, in whichever process.
            let until = now.after(job.period() - Duration::from_secs(5));
            if !uow.leases().acquire(job.name(), holder, now, until).await? {
                return Ok((total > 0).then_some(total));
            }
            let removed = job.remove_batch(&mut *uow, now).await?;
            uow.commit().await?;
            total += removed;
            if removed < BATCH as usize {
                return Ok(Some(total));
            }
        }
    }
}
