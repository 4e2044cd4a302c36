//! [`WatchedLimiter`]: a limiter whose refusals are observed.

use std::sync::Arc;

use super::{LimitExceeded, Limiter, Rate, Spent};
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

    /// Spends a unit of this key that goes back when the result is dropped.
    pub(crate) fn spend(&self, key: &str, now: MonotonicTime) -> Result<Spent<'_>, LimitExceeded> {
        self.watch(Spent::of(&self.limiter, key, now))
    }

    /// The same with a second limiter to fall back on where this one refuses.
    pub(crate) fn spend_or<'a>(
        &'a self,
        key: &str,
        fallback: &'a Limiter,
        fallback_key: &str,
        now: MonotonicTime,
    ) -> Result<Spent<'a>, LimitExceeded> {
        let spent = Spent::of(&self.limiter, key, now).or_else(|refused| {
            let instead = Spent::of(fallback, fallback_key, now);
            instead.map_err(|_also_refused| refused)
        });
        self.watch(spent)
    }

    fn watch<T>(&self, verdict: Result<T, LimitExceeded>) -> Result<T, LimitExceeded> {
        verdict.inspect_err(|_| {
            let limit = self.limit;
            self.observer.observe(&Event::LimitExceeded { limit });
        })
    }
}
