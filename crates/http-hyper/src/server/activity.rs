//! What a connection is doing, so that one that does nothing can be closed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};

/// No request has ended yet.
const NEVER: u64 = u64::MAX;

/// Counts the requests of a connection. Cheap for requests: only the one that waits looks at times.
pub(super) struct Activity {
    opened: Instant,
    running: AtomicUsize,
    /// When the last request ended, in milliseconds since the connection was opened.
    last_end_ms: AtomicU64,
    hangs_up: AtomicBool,
}

impl Activity {
    pub(super) fn new() -> Self {
        Self {
            opened: Instant::now(),
            running: AtomicUsize::new(0),
            last_end_ms: AtomicU64::new(NEVER),
            hangs_up: AtomicBool::new(false),
        }
    }

    /// A request begins; it ends when the answer is dropped.
    pub(super) fn begin(self: &Arc<Self>) -> Running {
        self.running.fetch_add(1, Ordering::Relaxed);
        Running(Arc::clone(self))
    }

    /// The connection is to be closed although the client may still be sending.
    pub(super) fn hang_up(&self) {
        self.hangs_up.store(true, Ordering::Relaxed);
    }

    pub(super) fn hangs_up(&self) -> bool {
        self.hangs_up.load(Ordering::Relaxed)
    }

    /// Returns when the connection has had `first` since it was opened and no request has ended, or
    /// has had no request for `between` since the last one ended.
    pub(super) async fn idle(&self, first: Duration, between: Duration) {
        self.quiet(between, |last_end| match last_end {
            None => self.opened + first,
            Some(last_end) => last_end + between,
        })
        .await;
    }

    /// Returns when the connection has had no request for `limit` from now on.
    pub(super) async fn idle_for(&self, limit: Duration) {
        let now = Instant::now();
        self.quiet(limit, |last_end| {
            last_end.map_or(now, |last_end| last_end.max(now)) + limit
        })
        .await;
    }

    /// Waits for a deadline, which depends on when the last request ended, to pass without a request
    /// in progress. While there is one it looks again after `pause`.
    async fn quiet(&self, pause: Duration, deadline: impl Fn(Option<Instant>) -> Instant) {
        loop {
            if self.running.load(Ordering::Relaxed) > 0 {
                sleep(pause).await;
                continue;
            }
            let deadline = deadline(match self.last_end_ms.load(Ordering::Relaxed) {
                NEVER => None,
                last_end_ms => Some(self.opened + Duration::from_millis(last_end_ms)),
            });
            if deadline <= Instant::now() {
                return;
            }
            sleep_until(deadline).await;
        }
    }
}

/// A request in progress.
pub(super) struct Running(Arc<Activity>);

impl Drop for Running {
    fn drop(&mut self) {
        let activity = &self.0;
        let elapsed_ms = activity.opened.elapsed().as_millis();
        activity
            .last_end_ms
            .store(u64::try_from(elapsed_ms).unwrap_or(0), Ordering::Relaxed);
        activity.running.fetch_sub(1, Ordering::Relaxed);
    }
}
