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
