//! The door to timers and queues for those who ask too often.

use async_trait::async_trait;

use crate::model::limit::LimitExceeded;

/// Slows down a client that asks for username availability in quick succession.
///
/// The rule (window 2 s, one request at full speed, the next ones delayed by 1 s and one at a time,
/// more than that refused) needs timers and queues, so it lives behind a port.
#[async_trait]
pub trait Pacer: Send + Sync {
    /// Waits until the client that counts under `key` may go on, and keeps its turn until the
    /// answer is dropped.
    ///
    /// # Errors
    /// [`LimitExceeded`] when too many requests of this client wait already.
    async fn admit(&self, key: &str) -> Result<Turn, LimitExceeded>;
}

/// The right to be the one request of a client that is being answered; ends when dropped.
pub type Turn = Box<dyn Send + Sync>;
