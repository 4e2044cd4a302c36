//! Whether a connection is in use, so that idle and stalled ones can be closed.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep, sleep_until};

/// No request has ended yet.
const NEVER: u64 = u64::MAX;

/// Counts the requests of a connection. Requests only update counters; the times are read by
/// the task that waits for idleness.
pub(super) struct Activity {
    opened: Instant,
    /// Requests in progress, from the end of the head to the response.
    running: AtomicUsize,
    /// Requests in progress whose body is still being read.
    reading: AtomicUsize,
    /// Since when there are such requests, in milliseconds since the connection was opened.
    reading_since_ms: AtomicU64,
    /// Notified by the first request.
    first: Notify,
    /// When the last request ended, in milliseconds since the connection was opened.
    last_end_ms: AtomicU64,
    has_begun: AtomicBool,
    hangs_up: AtomicBool,
    /// Notified when the connection has to close for another one.
    gives_way: Notify,
}

/// What a connection is doing, and since when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ConnectionState {
    /// A complete request is being handled.
    Working,
    /// A head or a body is incomplete.
    Waiting(Instant),
    /// Between two requests.
    Idle(Instant),
}

impl Activity {
    pub(super) fn new() -> Self {
        Self {
            opened: Instant::now(),
            running: AtomicUsize::new(0),
            reading: AtomicUsize::new(0),
            reading_since_ms: AtomicU64::new(0),
            first: Notify::new(),
            last_end_ms: AtomicU64::new(NEVER),
            has_begun: AtomicBool::new(false),
            hangs_up: AtomicBool::new(false),
            gives_way: Notify::new(),
        }
    }

    /// A request begins; it ends when the value is dropped.
    pub(super) fn begin(self: &Arc<Self>) -> Running {
        self.running.fetch_add(1, Ordering::Relaxed);
        if !self.has_begun.swap(true, Ordering::Relaxed) {
            self.first.notify_waiters();
        }
        Running(Arc::clone(self))
    }

    /// The body of the request is being read until the value is dropped.
    pub(super) fn read(self: &Arc<Self>) -> Reading {
        if self.reading.fetch_add(1, Ordering::Relaxed) == 0 {
            let now_ms = self.elapsed_ms();
            self.reading_since_ms.store(now_ms, Ordering::Relaxed);
        }
        Reading(Arc::clone(self))
    }

    /// The current state.
    pub(super) fn state(&self) -> ConnectionState {
        let reading = self.reading.load(Ordering::Relaxed);
        if self.running.load(Ordering::Relaxed) > reading {
            return ConnectionState::Working;
        }
        if reading > 0 {
            let since_ms = self.reading_since_ms.load(Ordering::Relaxed);
            return ConnectionState::Waiting(self.opened + Duration::from_millis(since_ms));
        }
        match self.last_end() {
            None => ConnectionState::Waiting(self.opened),
            Some(last_end) => ConnectionState::Idle(last_end),
        }
    }

    /// Asks the connection to close for another one.
    pub(super) fn give_way(&self) {
        self.gives_way.notify_one();
    }

    /// Returns when the connection has to close for another one.
    pub(super) async fn has_to_give_way(&self) {
        self.gives_way.notified().await;
    }

    /// Returns as soon as a request has begun.
    pub(super) async fn has_begun(&self) {
        let first = self.first.notified();
        if !self.has_begun.load(Ordering::Relaxed) {
            first.await;
        }
    }

    /// Closes the connection after the response, although the client may still be sending.
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
            let deadline = deadline(self.last_end());
            if deadline <= Instant::now() {
                return;
            }
            sleep_until(deadline).await;
        }
    }

    fn last_end(&self) -> Option<Instant> {
        match self.last_end_ms.load(Ordering::Relaxed) {
            NEVER => None,
            last_end_ms => Some(self.opened + Duration::from_millis(last_end_ms)),
        }
    }

    fn elapsed_ms(&self) -> u64 {
        u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(0)
    }
}

/// A request whose body is on its way.
pub(super) struct Reading(Arc<Activity>);

impl fmt::Debug for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reading").finish_non_exhaustive()
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        self.0.reading.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A request in progress.
pub(super) struct Running(Arc<Activity>);

impl Drop for Running {
    fn drop(&mut self) {
        let activity = &self.0;
        let now_ms = activity.elapsed_ms();
        activity.last_end_ms.store(now_ms, Ordering::Relaxed);
        activity.running.fetch_sub(1, Ordering::Relaxed);
    }
}
