//! Units that are spent before it is known whether what they were spent on happens.
//!
//! Charging first and giving back is the only order in which concurrent requests cannot all slip
//! through before the first of them is charged.

use super::{LimitExceeded, Limiter};
use crate::model::time::MonotonicTime;

/// A unit that goes back when this is dropped.
#[derive(Debug)]
pub(crate) struct Spent<'a>(Option<Kept<'a>>);

/// A unit that stays spent, unless it is given back.
#[derive(Debug)]
pub(crate) struct Kept<'a> {
    limiter: &'a Limiter,
    key: String,
}

impl<'a> Spent<'a> {
    /// Spends a unit of a key.
    pub(crate) fn of(
        limiter: &'a Limiter,
        key: &str,
        now: MonotonicTime,
    ) -> Result<Self, LimitExceeded> {
        limiter.charge(key, now)?;
        let key = key.to_owned();
        Ok(Self(Some(Kept { limiter, key })))
    }

    /// From here on a dropped request no longer gets its unit back: it may have succeeded.
    pub(crate) fn keep(mut self) -> Option<Kept<'a>> {
        self.0.take()
    }
}

impl Drop for Spent<'_> {
    fn drop(&mut self) {
        if let Some(kept) = self.0.take() {
            kept.give_back();
        }
    }
}

impl Kept<'_> {
    /// Gives the unit back: nothing came of it.
    pub(crate) fn give_back(self) {
        self.limiter.give_back(&self.key);
    }
}
