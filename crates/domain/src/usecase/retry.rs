//! Trying a whole unit of work again when another transaction stood in the way.

use std::time::Duration;

use crate::ports::StoreError;
use crate::ports::observer::Event;
use crate::usecase::shared::Shared;

/// How often a unit of work is tried before its contention is reported.
const MAX_ATTEMPTS: u32 = 5;
/// How long a unit of work is tried. A request that waited for a lock until the database gave up has
/// waited long enough.
const MAX_TOTAL: Duration = Duration::from_millis(4_500);
/// The longest first pause; it doubles with each attempt.
const BASE_PAUSE_MS: u64 = 10;

/// An error that may be the store's.
pub(crate) trait MaybeStore {
    /// The store's error, if it is one.
    fn store_error(&self) -> Option<&StoreError>;
}

impl MaybeStore for StoreError {
    fn store_error(&self) -> Option<&StoreError> {
        Some(self)
    }
}

impl Shared {
    /// Runs `attempt` until it succeeds, fails for another reason than contention, or has been tried
    /// [`MAX_ATTEMPTS`] times or for [`MAX_TOTAL`]. Each attempt must be a whole unit of work that commits last.
    pub(crate) async fn retrying<T, E, F, A>(&self, mut attempt: F) -> Result<T, E>
    where
        E: MaybeStore,
        F: FnMut() -> A,
        A: Future<Output = Result<T, E>>,
    {
        let start = self.monotonic();
        for tried in 1..MAX_ATTEMPTS {
            match attempt().await {
                Err(error)
                    if error.store_error().is_some_and(StoreError::is_contended)
                        && self.monotonic().since(start) < MAX_TOTAL =>
                {
                    self.observe(Event::UnitOfWorkRetried);
                    tracing::debug!(db.attempt = tried, "unit of work was contended, retrying");
                }
                done => return done,
            }
            let mut byte = [0_u8; 1];
            self.entropy().fill(&mut byte);
            let ceiling_ms = BASE_PAUSE_MS << tried;
            let pause_ms = 1 + ceiling_ms * u64::from(byte[0]) / 255;
            self.ports
                .clock
                .sleep(Duration::from_millis(pause_ms))
                .await;
        }
        attempt().await
    }
}
