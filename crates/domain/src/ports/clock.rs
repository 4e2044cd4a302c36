//! The door to time.

use std::time::Duration;

use async_trait::async_trait;

use crate::time::Timestamp;

/// Where time comes from.
#[async_trait]
pub trait Clock: Send + Sync {
    /// The current moment.
    fn now(&self) -> Timestamp;

    /// Returns after `duration`.
    async fn sleep(&self, duration: Duration);
}

/// A clock that moves only when told to. Sleeping moves it.
#[cfg(feature = "fakes")]
#[derive(Debug)]
pub struct FakeClock(std::sync::atomic::AtomicI64);

#[cfg(feature = "fakes")]
impl FakeClock {
    /// A clock that stands at `unix_ms`.
    pub fn at(unix_ms: i64) -> Self {
        Self(std::sync::atomic::AtomicI64::new(unix_ms))
    }

    /// Moves the clock forward.
    pub fn advance(&self, duration: Duration) {
        let ms = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        self.0.fetch_add(ms, std::sync::atomic::Ordering::SeqCst);
    }
}

#[cfg(feature = "fakes")]
#[async_trait]
impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_ms(self.0.load(std::sync::atomic::Ordering::SeqCst))
    }

    async fn sleep(&self, duration: Duration) {
        self.advance(duration);
    }
}
