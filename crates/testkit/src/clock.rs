//! Time that passes when a test says so.

use std::sync::atomic::AtomicI64;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use std::time::Duration;

use async_trait::async_trait;
use registrar_domain::model::clock::Clock;
use registrar_domain::model::time::{MonotonicTime, Timestamp};

/// A clock that moves only when told to. Sleeping moves it.
#[derive(Debug)]
pub struct FakeClock {
    wall_ms: AtomicI64,
    monotonic_ms: AtomicU64,
}

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
        let ms = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        self.wall_ms.fetch_add(ms, Ordering::SeqCst);
        self.monotonic_ms
            .fetch_add(ms.unsigned_abs(), Ordering::SeqCst);
    }

    /// Sets the wall clock back, as an operator or a time service does; no time passes.
    pub fn set_back(&self, duration: Duration) {
        let ms = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        self.wall_ms.fetch_sub(ms, Ordering::SeqCst);
    }

    /// Sets the wall clock forward; no time passes.
    pub fn set_forward(&self, duration: Duration) {
        let ms = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        self.wall_ms.fetch_add(ms, Ordering::SeqCst);
    }
}

#[async_trait]
impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_ms(self.wall_ms.load(Ordering::SeqCst))
    }

    fn monotonic(&self) -> MonotonicTime {
        let ms = self.monotonic_ms.load(Ordering::SeqCst);
        MonotonicTime::since_start(Duration::from_millis(ms))
    }

    async fn sleep(&self, duration: Duration) {
        self.advance(duration);
    }
}
