//! Moments and lifetimes. Time enters the domain through the [`Clock`](crate::model::clock::Clock) port only.

use std::time::Duration;

/// A moment: milliseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The moment `unix_ms` milliseconds after the Unix epoch.
    pub const fn from_unix_ms(unix_ms: i64) -> Self {
        Self(unix_ms)
    }

    /// Milliseconds since the Unix epoch.
    pub const fn unix_ms(self) -> i64 {
        self.0
    }

    /// The moment `lifetime` later; saturates at the end of time.
    pub fn after(self, lifetime: Duration) -> Self {
        Self(
            self.0
                .saturating_add(i64::try_from(lifetime.as_millis()).unwrap_or(i64::MAX)),
        )
    }

    /// The moment `lifetime` earlier; saturates at the beginning of time.
    pub fn before(self, lifetime: Duration) -> Self {
        Self(
            self.0
                .saturating_sub(i64::try_from(lifetime.as_millis()).unwrap_or(i64::MAX)),
        )
    }

    /// Milliseconds from `earlier` until this moment; zero when it is not later.
    pub fn ms_since(self, earlier: Self) -> u64 {
        u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0)
    }
}

/// A point in the life of this process, for measuring spans: the time since some start, which
/// setting the wall clock does not change. Points of two processes cannot be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MonotonicTime(Duration);

impl MonotonicTime {
    /// The point `elapsed` after the start.
    pub const fn since_start(elapsed: Duration) -> Self {
        Self(elapsed)
    }

    /// The time from the start to this point.
    pub const fn elapsed(self) -> Duration {
        self.0
    }

    /// The point `span` later; saturates at the end of time.
    pub const fn after(self, span: Duration) -> Self {
        Self(self.0.saturating_add(span))
    }

    /// The time from `earlier` to this point; zero when it is not later.
    pub const fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

/// The earlier of two optional deadlines; `None` means never.
pub fn earliest(a: Option<Timestamp>, b: Option<Timestamp>) -> Option<Timestamp> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}
