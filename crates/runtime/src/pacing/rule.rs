//! When a request goes on, sleeps, or is refused: pure, one client at a time.

/// Arrivals count for this long, in milliseconds; also what a refused client is told to wait.
pub(super) const WINDOW_MS: u64 = 2000;
/// How long a request sleeps that is not the only one in its window, in milliseconds.
pub(super) const SLEEP_MS: u64 = 1000;
/// Requests within a window that need not sleep.
const SLEEP_LIMIT: usize = 1;
/// Requests that may wait already when another one arrives.
const REJECT_LIMIT: usize = 1;

/// What happens to a request that has just arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pace {
    /// Its turn comes when the one before has ended.
    Go,
    /// It sleeps for [`SLEEP_MS`] first.
    Sleep,
    /// Too many wait already.
    Refuse,
}

/// Is a request refused that arrives while `waiting` others sleep or queue?
pub(super) fn would_refuse(waiting: usize) -> bool {
    waiting > REJECT_LIMIT
}

/// When the recent requests of one client arrived, in milliseconds, oldest first.
///
/// Never long: a request is remembered only while at most one other is waiting.
#[derive(Debug, Default)]
pub(super) struct Arrivals(Vec<u64>);

impl Arrivals {
    /// Decides about a request that arrives at `now_ms` while `waiting` others sleep or queue, and
    /// remembers it unless it is refused.
    pub(super) fn admit(&mut self, now_ms: u64, waiting: usize) -> Pace {
        self.0.retain(|arrival| counts(*arrival, now_ms));
        if would_refuse(waiting) {
            return Pace::Refuse;
        }
        self.0.push(now_ms);
        if self.0.len() > SLEEP_LIMIT {
            Pace::Sleep
        } else {
            Pace::Go
        }
    }

    /// Would an arrival of the past still count at `now_ms`?
    pub(super) fn any_within(&self, now_ms: u64) -> bool {
        self.0.iter().any(|arrival| counts(*arrival, now_ms))
    }

    /// Do so many arrivals of the past still count at `now_ms` that requests sleep?
    pub(super) fn are_too_many(&self, now_ms: u64) -> bool {
        let counted = self.0.iter().filter(|arrival| counts(**arrival, now_ms));
        counted.count() > SLEEP_LIMIT
    }

    /// When the latest request arrived; zero if none is remembered.
    pub(super) fn last_ms(&self) -> u64 {
        self.0.last().copied().unwrap_or(0)
    }
}

fn counts(arrival_ms: u64, now_ms: u64) -> bool {
    now_ms.saturating_sub(arrival_ms) < WINDOW_MS
}

#[cfg(test)]
mod tests {
    use super::Pace::{Go, Refuse, Sleep};
    use super::*;

    /// Each step: when a request arrives, how many others wait then, and what becomes of it.
    fn check(name: &str, steps: &[(u64, usize, Pace)]) {
        let mut arrivals = Arrivals::default();
        for (step, (now_ms, waiting, expected)) in steps.iter().enumerate() {
            assert_eq!(
                arrivals.admit(*now_ms, *waiting),
                *expected,
                "{name}, step {step}"
            );
        }
    }

    #[test]
    fn arrivals_are_paced() {
        check("the first goes at once", &[(0, 0, Go)]);
        check(
            "two sleep, the next is refused",
            &[
                (0, 0, Go),
                (100, 0, Sleep),
                (200, 1, Sleep),
                (300, 2, Refuse),
            ],
        );
        check(
            "a window apart none sleeps",
            &[(0, 0, Go), (2000, 0, Go), (4000, 0, Go)],
        );
        check(
            "just within a window it sleeps",
            &[(0, 0, Go), (1999, 0, Sleep)],
        );
        check("a refusal is not remembered", &[(0, 2, Refuse), (1, 0, Go)]);
        check(
            "sleepers count as arrivals",
            &[(0, 0, Go), (1500, 0, Sleep), (3000, 0, Sleep)],
        );
        check(
            "one may queue behind a slow answer",
            &[(0, 0, Go), (2000, 0, Go), (4000, 1, Go)],
        );
        check(
            "two may not",
            &[(0, 0, Go), (2000, 0, Go), (4000, 1, Go), (6000, 2, Refuse)],
        );
    }

    #[test]
    fn arrivals_are_forgotten_after_the_window() {
        let mut arrivals = Arrivals::default();
        assert!(!arrivals.any_within(0));
        arrivals.admit(10, 0);
        assert!(arrivals.any_within(2009));
        assert!(!arrivals.any_within(2010));
    }
}
