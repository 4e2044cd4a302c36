//! [`WatchedLimiter`]: a limiter whose refusals are observed.

use std::sync::Arc;

use super::{LimitExceeded, Limiter, Rate};
use crate::ports::observer::{Event, Limit, Observer};
use crate::time::MonotonicTime;

/// A [`Limiter`] that tells an observer whom it refuses.
pub(crate) struct WatchedLimiter {
    limiter: Limiter,
    limit: Limit,
    observer: Arc<dyn Observer>,
}

impl WatchedLimiter {
    pub(crate) fn new(limit: Limit, rate: Rate, observer: &Arc<dyn Observer>) -> Self {
        Self {
            limiter: Limiter::new(rate),
            limit,
            observer: Arc::clone(observer),
        }
    }

    /// May this key act now? Spends nothing.
    pub(crate) fn peek(&self, key: &str, now: MonotonicTime) -> Result<(), LimitExceeded> {
        self.watch(self.limiter.peek(key, now))
    }

    /// Spends a unit of this key. A refused attempt spends nothing.
    pub(crate) fn charge(&self, key: &str, now: MonotonicTime) -> Result<(), LimitExceeded> {
        self.watch(self.limiter.charge(key, now))
    }

    fn watch(&self, verdict: Result<(), LimitExceeded>) -> Result<(), LimitExceeded> {
        verdict.inspect_err(|_| {
            let limit = self.limit;
            self.observer.observe(&Event::LimitExceeded { limit });
        })
    }
}
