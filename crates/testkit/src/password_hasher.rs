//! Password hashes that cost nothing.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use async_trait::async_trait;
use registrar_domain::model::context::HashTurn;
use registrar_domain::model::password::{BadHash, Password, PasswordHash, Verification};
use registrar_domain::ports::{HashError, PasswordHasher};

/// Hashes by writing `fake$` in front, and is never busy. Hashes in `fake-old$` are
/// outdated, those in `unusable$` cannot be used.
#[derive(Debug, Default)]
pub struct FakePasswordHasher {
    /// Answers [`HashError::Busy`] while set.
    pub busy: AtomicBool,
    /// How often a password was hashed or verified.
    pub calls: AtomicUsize,
    /// Whose turn each call took, in order.
    pub turns: Mutex<Vec<HashTurn>>,
}

impl FakePasswordHasher {
    fn work(&self, turn: HashTurn) -> Result<(), HashError> {
        if self.busy.load(Ordering::SeqCst) {
            return Err(HashError::Busy {
                retry_after_ms: 1500,
            });
        }
        self.calls.fetch_add(1, Ordering::SeqCst);
        self.turns
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(turn);
        Ok(())
    }
}

#[async_trait]
impl PasswordHasher for FakePasswordHasher {
    async fn hash(&self, turn: HashTurn, password: &Password) -> Result<PasswordHash, HashError> {
        self.work(turn)?;
        Ok(PasswordHash::from_stored(format!(
            "fake${}",
            password.expose()
        )))
    }

    async fn verify(
        &self,
        turn: HashTurn,
        password: &Password,
        hash: &PasswordHash,
    ) -> Result<Verification, HashError> {
        self.work(turn)?;
        Ok(match hash.expose().split_once('$') {
            Some(("fake", stored)) if stored == password.expose() => Verification::Match,
            Some(("fake-old", stored)) if stored == password.expose() => {
                Verification::MatchOutdated
            }
            Some(("unusable", _)) => return Err(HashError::UnusableHash(BadHash::Unknown)),
            _ => Verification::Mismatch,
        })
    }
}
