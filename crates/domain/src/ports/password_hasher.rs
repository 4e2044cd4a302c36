//! The door to the threads that hash passwords.

use async_trait::async_trait;

use crate::model::context::HashTurn;
use crate::model::password::{BadHash, Password, PasswordHash, Verification};

/// Where passwords are hashed: expensive work on a bounded pool of its own.
#[async_trait]
pub trait PasswordHasher: Send + Sync {
    /// Hashes a password with the current algorithm and cost, and a random salt. Dropping the future
    /// gives the place in the queue back.
    ///
    /// # Errors
    /// [`HashError::Busy`] when the client has too much waiting, or everybody together;
    /// [`HashError::Failed`] otherwise.
    async fn hash(&self, turn: HashTurn, password: &Password) -> Result<PasswordHash, HashError>;

    /// Checks a password against a stored hash, of the current algorithm or an imported one.
    ///
    /// # Errors
    /// [`HashError::Busy`] as for [`hash`](Self::hash); [`HashError::UnusableHash`] for a hash that
    /// cannot be read or costs too much; [`HashError::Failed`] otherwise.
    async fn verify(
        &self,
        turn: HashTurn,
        password: &Password,
        hash: &PasswordHash,
    ) -> Result<Verification, HashError>;
}

/// Why a password was not hashed.
#[derive(Debug, thiserror::Error)]
pub enum HashError {
    /// The queue is full.
    #[error("the password hashing queue is full")]
    Busy {
        /// Milliseconds until a place should be free.
        retry_after_ms: u64,
    },
    /// The stored hash cannot be compared with anything.
    #[error("the stored hash cannot be used: {0}")]
    UnusableHash(BadHash),
    /// The pool is gone, or the cost cannot be computed.
    #[error("the password could not be hashed: {0}")]
    Failed(String),
}
