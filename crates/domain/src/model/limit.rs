//! Rate limits: a leaky bucket per key, in this process's memory.
//!
//! The arithmetic is the generic cell rate algorithm, which is Synapse's leaky bucket (§8.1) in
//! one number per key: the *theoretical arrival time*, at which the bucket will be empty. These limits
//! hold within one process. Memory is bounded: when a limiter is full, the keys nearest to
//! being forgotten anyway make room, and the limiter itself never gives way.

mod spent;

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Mutex, PoisonError};

use crate::model::time::MonotonicTime;

pub(crate) use spent::{Kept, Spent};

/// How fast a key may act: `per_second` on average, `burst_count` at once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// Units that a key regains per second. Zero or less: none, ever.
    pub per_second: f64,
    /// Units that a rested key may spend at once. Zero or less: none.
    pub burst_count: f64,
}

/// The key has spent its units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many requests")]
pub struct LimitExceeded {
    /// Milliseconds until the next unit, rounded up, so that a client that waits exactly as long is let
    /// in; at most [`LimitExceeded::MAX_RETRY_AFTER_MS`].
    pub retry_after_ms: u64,
}

impl LimitExceeded {
    /// The longest wait that a client is told about, in milliseconds: an hour.
    pub const MAX_RETRY_AFTER_MS: u64 = 60 * 60 * 1000;
}

/// What sums of moments and intervals may be off by, in milliseconds.
const ROUNDING_MS: f64 = 0.01;

const SHARDS: usize = 16;
/// Keys that one limiter remembers; about 100 bytes each.
const MAX_KEYS: usize = 200_000;
const MAX_KEYS_PER_SHARD: usize = MAX_KEYS / SHARDS;

/// One limit, with a bucket for each key.
#[derive(Debug)]
pub struct Limiter {
    interval_ms: f64,
    tolerance_ms: f64,
    hasher: RandomState,
    shards: [Mutex<HashMap<u64, f64>>; SHARDS],
}

impl Limiter {
    /// A limiter in which every key is rested.
    pub fn new(rate: Rate) -> Self {
        let interval_ms = if rate.per_second > 0.0 {
            1000.0 / rate.per_second
        } else {
            f64::INFINITY
        };
        let spare_units = (rate.burst_count - 1.0).floor();
        // An infinite interval still leaves the burst: the bucket fills by one part in a burst.
        let interval_ms = interval_ms.min(1e15);
        Self {
            interval_ms,
            tolerance_ms: spare_units * interval_ms,
            hasher: RandomState::new(),
            shards: Default::default(),
        }
    }

    /// May this key act now? Spends nothing.
    ///
    /// # Errors
    /// [`LimitExceeded`].
    pub fn peek(&self, key: &str, now: MonotonicTime) -> Result<(), LimitExceeded> {
        let key = self.hasher.hash_one(key);
        let shard = self.shard(key);
        self.decide(shard.get(&key).copied(), now).map(|_| ())
    }

    /// Spends a unit of this key. A refused attempt spends nothing.
    ///
    /// # Errors
    /// [`LimitExceeded`].
    pub fn charge(&self, key: &str, now: MonotonicTime) -> Result<(), LimitExceeded> {
        let key = self.hasher.hash_one(key);
        let mut shard = self.shard(key);
        let arrival = self.decide(shard.get(&key).copied(), now)?;
        if shard.len() >= MAX_KEYS_PER_SHARD && !shard.contains_key(&key) {
            make_room(&mut shard, now);
        }
        shard.insert(key, arrival);
        Ok(())
    }

    /// Gives a unit back that was charged.
    pub(crate) fn give_back(&self, key: &str) {
        let key = self.hasher.hash_one(key);
        if let Some(arrival) = self.shard(key).get_mut(&key) {
            // A key whose arrival time has passed is rested, so this needs no lower bound.
            *arrival -= self.interval_ms;
        }
    }

    /// The theoretical arrival time after one more unit.
    fn decide(&self, arrival: Option<f64>, now: MonotonicTime) -> Result<f64, LimitExceeded> {
        let now_ms = to_ms(now);
        let arrival = arrival.unwrap_or(now_ms).max(now_ms);
        let excess_ms = arrival - now_ms - self.tolerance_ms;
        if excess_ms > ROUNDING_MS || self.tolerance_ms < 0.0 {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "positive, and the cast saturates"
            )]
            let wait_ms = (excess_ms - ROUNDING_MS).ceil().max(1.0) as u64;
            return Err(LimitExceeded {
                retry_after_ms: wait_ms.min(LimitExceeded::MAX_RETRY_AFTER_MS),
            });
        }
        Ok(arrival + self.interval_ms)
    }

    fn shard(&self, key: u64) -> std::sync::MutexGuard<'_, HashMap<u64, f64>> {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "only the low bits choose a shard"
        )]
        let shard = &self.shards[key as usize % SHARDS];
        shard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    fn keys(&self) -> usize {
        self.shards
            .iter()
            .map(|shard| shard.lock().unwrap().len())
            .sum()
    }
}

/// Forgets rested keys; if there are none, the tenth of the keys that would rest soonest.
fn make_room(shard: &mut HashMap<u64, f64>, now: MonotonicTime) {
    let now_ms = to_ms(now);
    shard.retain(|_, arrival| *arrival > now_ms);
    if shard.len() < MAX_KEYS_PER_SHARD {
        return;
    }
    let mut arrivals: Vec<f64> = shard.values().copied().collect();
    let (_, cut, _) = arrivals.select_nth_unstable_by(MAX_KEYS_PER_SHARD / 10, f64::total_cmp);
    let cut = *cut;
    shard.retain(|_, arrival| *arrival > cut);
}

fn to_ms(moment: MonotonicTime) -> f64 {
    moment.elapsed().as_secs_f64() * 1000.0
}

#[cfg(test)]
mod tests;
