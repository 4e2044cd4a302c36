//! Time and randomness from the operating system.

use std::sync::LazyLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use registrar_domain::model::clock::Clock;
use registrar_domain::model::entropy::Entropy;
use registrar_domain::model::time::{MonotonicTime, Timestamp};

/// The clock of the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        #[expect(
            clippy::disallowed_methods,
            reason = "this is the adapter behind the Clock port"
        )]
        let now = SystemTime::now();
        // A machine whose clock stands before 1970 is treated as if it were 1970.
        let since_epoch = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_unix_ms(0).after(since_epoch)
    }

    fn monotonic(&self) -> MonotonicTime {
        /// When somebody first wanted to know.
        #[expect(
            clippy::disallowed_methods,
            reason = "this is the adapter behind the Clock port"
        )]
        static START: LazyLock<Instant> = LazyLock::new(Instant::now);
        MonotonicTime::since_start(START.elapsed())
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// The random number generator of the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct OsEntropy;

impl Entropy for OsEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        if let Err(error) = getrandom::fill(bytes) {
            // Going on would hand out tokens that can be guessed, and a panic would be caught and
            // answered with a 500, again and again.
            tracing::error!(%error, "the operating system provides no random bytes, aborting");
            std::process::abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_tells_this_century() {
        let year_2024 = Timestamp::from_unix_ms(1_704_067_200_000);
        let year_2100 = Timestamp::from_unix_ms(4_102_444_800_000);
        assert!((year_2024..year_2100).contains(&SystemClock.now()));
    }

    #[test]
    fn monotonic_time_starts_with_the_process_and_never_goes_back() {
        let first = SystemClock.monotonic();
        assert!(first.elapsed() < Duration::from_hours(24));
        assert!(SystemClock.monotonic() >= first);
    }

    #[test]
    fn random_bytes_differ() {
        let (mut first, mut second) = ([0_u8; 32], [0_u8; 32]);
        OsEntropy.fill(&mut first);
        OsEntropy.fill(&mut second);
        assert_ne!(first, second);
        assert_ne!(first, [0; 32]);
    }
}
