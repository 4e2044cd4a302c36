//! The rate limits of one process, and [`WatchedLimiter`]: a limiter whose refusals are observed.

use std::sync::Arc;

use crate::model::limit::{LimitExceeded, Limiter, Rate, Spent};
use crate::model::policy::Rates;
use crate::model::time::MonotonicTime;
use crate::ports::observer::{Event, Limit, Observer};

/// While the deployment's failures with registration tokens are spent, each neighborhood may fail once
/// an hour. A right token is no failure, so people who have one keep registering during an attack.
const RESERVED_TOKEN_ATTEMPTS: Rate = Rate {
    per_second: 1.0 / 3600.0,
    burst_count: 1.0,
};

/// Passwords that are hashed for one registration of an address, on average and at once: people
/// change their minds, and many can stand behind one address.
const HASHES_PER_REGISTRATION: f64 = 10.0;

fn unproved_hashes(registration: Rate) -> Rate {
    Rate {
        per_second: registration.per_second * HASHES_PER_REGISTRATION,
        burst_count: registration.burst_count * HASHES_PER_REGISTRATION,
    }
}

/// The limiters, one for each `rc_*` option.
pub(crate) struct Limits {
    pub(crate) registration: WatchedLimiter,
    pub(crate) registration_token_validity: WatchedLimiter,
    /// Failures with registration tokens, all clients together.
    pub(crate) failed_registration_tokens: WatchedLimiter,
    /// What each neighborhood may still fail while those are spent.
    pub(crate) reserved_token_attempts: Limiter,
    /// Passwords that are hashed for clients that have proved nothing.
    pub(crate) unproved_hashes: WatchedLimiter,
    pub(crate) threepid_by_client: WatchedLimiter,
    pub(crate) threepid_by_address: WatchedLimiter,
    pub(crate) login_address: WatchedLimiter,
    pub(crate) login_account: WatchedLimiter,
    pub(crate) login_failed_attempts: WatchedLimiter,
}

impl Limits {
    pub(crate) fn new(rates: &Rates, observer: &Arc<dyn Observer>) -> Self {
        let watched = |limit, rate| WatchedLimiter::new(limit, rate, observer);
        Self {
            registration: watched(Limit::Registration, rates.registration),
            registration_token_validity: watched(
                Limit::RegistrationTokenValidity,
                rates.registration_token_validity,
            ),
            failed_registration_tokens: watched(
                Limit::FailedRegistrationTokens,
                rates.failed_registration_tokens,
            ),
            reserved_token_attempts: Limiter::new(RESERVED_TOKEN_ATTEMPTS),
            unproved_hashes: watched(Limit::UnprovedHashes, unproved_hashes(rates.registration)),
            threepid_by_client: watched(Limit::ThreepidByClient, rates.threepid_validation),
            threepid_by_address: watched(Limit::ThreepidByAddress, rates.threepid_validation),
            login_address: watched(Limit::LoginAddress, rates.login_address),
            login_account: watched(Limit::LoginAccount, rates.login_account),
            login_failed_attempts: watched(Limit::LoginFailedAttempts, rates.login_failed_attempts),
        }
    }
}

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
