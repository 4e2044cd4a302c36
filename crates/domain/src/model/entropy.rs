//! The door to randomness.

/// Where randomness comes from. Tokens depend on it, so an adapter must be cryptographically secure.
pub trait Entropy: Send + Sync {
    /// Fills the buffer with random bytes. Does not fail: an adapter without randomness must abort.
    fn fill(&self, bytes: &mut [u8]);
}

/// Numbers in a row, for unit tests: the testkit stands above this crate.
#[cfg(test)]
#[derive(Debug, Default)]
pub(crate) struct CountingEntropy(std::sync::atomic::AtomicU8);

#[cfg(test)]
impl Entropy for CountingEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        for byte in bytes {
            *byte = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        }
    }
}
