//! The door to randomness.

/// Where randomness comes from. Tokens depend on it, so an adapter must be cryptographically secure.
pub trait Entropy: Send + Sync {
    /// Fills the buffer with random bytes. Does not fail: an adapter without randomness must abort.
    fn fill(&self, bytes: &mut [u8]);
}

/// Reproducible bytes from a seed, for tests: SHA-256 over seed and counter.
#[cfg(any(test, feature = "fakes"))]
#[derive(Debug)]
pub struct SeededEntropy {
    seed: u64,
    counter: std::sync::atomic::AtomicU64,
}

#[cfg(any(test, feature = "fakes"))]
impl SeededEntropy {
    /// A source that gives the same bytes for the same seed.
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            counter: std::sync::atomic::AtomicU64::new(0),
        }
    }
}

#[cfg(any(test, feature = "fakes"))]
impl Entropy for SeededEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        use sha2::{Digest as _, Sha256};
        for chunk in bytes.chunks_mut(32) {
            let block = self
                .counter
                .fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            let digest = Sha256::new()
                .chain_update(self.seed.to_le_bytes())
                .chain_update(block.to_le_bytes());
            chunk.copy_from_slice(&digest.finalize()[..chunk.len()]);
        }
    }
}
