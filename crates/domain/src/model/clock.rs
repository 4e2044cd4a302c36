//! The door to time.

use std::time::Duration;

use async_trait::async_trait;

use crate::model::time::{MonotonicTime, Timestamp};

/// Where time comes from.
#[async_trait]
pub trait Clock: Send + Sync {
    /// The current moment by the wall clock, which somebody may set forward or back. It is for what
    /// is stored, shared with others or shown; spans are measured with
    /// [`monotonic`](Self::monotonic).
    fn now(&self) -> Timestamp;

    /// The time since some moment in the life of this process. It never goes back, whatever becomes
    /// of the wall clock.
    fn monotonic(&self) -> MonotonicTime;

    /// Returns after `duration`.
    async fn sleep(&self, duration: Duration);
}

/// A clock that moves only when told to. Sleeping moves it.
#[cfg(feature = "fakes")]
#[derive(Debug)]
pub struct FakeClock {
    wall_ms: std::sync::atomic::AtomicI64,
    monotonic_ms: std::sync::atomic::AtomicU64,
}

#[cfg(feature = "fakes")]
impl FakeClock {
    /// A clock that stands at `unix_ms`.
    pub fn at(unix_ms: i64) -> Self {
        Self {
            wall_ms: unix_ms.into(),
            monotonic_ms: 0.into(),
        }
    }

    /// Lets time pass.
    pub fn advance(&self, duration: Duration) {
        use std::sync::atomic::Ordering::SeqCst;
        let ms = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        self.wall_ms.fetch_add(ms, SeqCst);
        self.monotonic_ms.fetch_add(ms.unsigned_abs(), SeqCst);
    }

    /// Sets the wall clock back, as an operator or a time service does; no time passes.
    pub fn set_back(&self, duration: Duration) {
        use std::sync::atomic::Ordering::SeqCst;
        let ms = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        self.wall_ms.fetch_sub(ms, SeqCst);
    }

    /// Sets the wall clock forward; no time passes.
    pub fn set_forward(&self, duration: Duration) {
        use std::sync::atomic::Ordering::SeqCst;
        let ms = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        self.wall_ms.fetch_add(ms, SeqCst);
    }
}

#[cfg(feature = "fakes")]
#[async_trait]
impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_ms(self.wall_ms.load(std::sync::atomic::Ordering::SeqCst))
    }

    fn monotonic(&self) -> MonotonicTime {
        let ms = self.monotonic_ms.load(std::sync::atomic::Ordering::SeqCst);
        MonotonicTime::since_start(Duration::from_millis(ms))
    }

    async fn sleep(&self, duration: Duration) {
        self.advance(duration);
    }
}
