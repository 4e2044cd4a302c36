//! A flood of requests must not become a flood of log lines: of each kind of warning and error the
//! first few of a minute are written, and at its end how many more there were.
//!
//! A kind is a place in the code. Lines below `WARN` are the operator's choice and are left alone.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tracing::callsite::Identifier;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

/// How many lines of one kind are written in a period.
const FIRST: u64 = 10;
/// After which time the rest is summed up.
pub(crate) const PERIOD: Duration = Duration::from_secs(60);
/// The target of the summaries, which are not held back themselves.
const SUMMARY: &str = "registrar::log";
/// The longest message that a summary repeats, in bytes.
const MAX_MESSAGE_BYTES: usize = 200;

/// Holds warnings and errors back. Clones share what they have seen.
#[derive(Clone, Default)]
pub(crate) struct Throttle(Arc<Shared>);

#[derive(Default)]
struct Shared {
    /// At start everything is written: nothing of it is caused by clients.
    is_armed: AtomicBool,
    warnings: AtomicU64,
    errors: AtomicU64,
    left_out: AtomicU64,
    kinds: Mutex<HashMap<Identifier, Kind>>,
}

/// The lines of one place in the code in this period.
struct Kind {
    message: String,
    written: u64,
    left_out: u64,
}

/// How many lines there have been since the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LogCounts {
    /// Warnings, those that were left out included.
    pub(crate) warnings: u64,
    /// Errors, those that were left out included.
    pub(crate) errors: u64,
    /// Those of both that were left out.
    pub(crate) left_out: u64,
}

impl Throttle {
    /// From now on clients can cause lines.
    pub(crate) fn arm(&self) {
        self.0.is_armed.store(true, Ordering::Relaxed);
    }

    pub(crate) fn counts(&self) -> LogCounts {
        let shared = &self.0;
        LogCounts {
            warnings: shared.warnings.load(Ordering::Relaxed),
            errors: shared.errors.load(Ordering::Relaxed),
            left_out: shared.left_out.load(Ordering::Relaxed),
        }
    }

    /// Ends a period: says what was left out in it.
    pub(crate) fn sum_up(&self) {
        let kinds = std::mem::take(&mut *self.kinds());
        for kind in kinds.into_values().filter(|kind| kind.left_out > 0) {
            tracing::warn!(
                target: SUMMARY,
                { lines.left_out = kind.left_out, lines.message = kind.message },
                "similar log lines were suppressed"
            );
        }
    }

    /// Is one more line of this kind written?
    fn admits(&self, event: &Event<'_>) -> bool {
        let metadata = event.metadata();
        let shared = &self.0;
        let count = match *metadata.level() {
            Level::ERROR => &shared.errors,
            Level::WARN => &shared.warnings,
            _ => return true,
        };
        count.fetch_add(1, Ordering::Relaxed);
        if !shared.is_armed.load(Ordering::Relaxed) || metadata.target() == SUMMARY {
            return true;
        }
        let mut kinds = self.kinds();
        let kind = kinds
            .entry(metadata.callsite())
            .or_insert_with(|| Kind::of(event));
        if kind.written < FIRST {
            kind.written += 1;
            return true;
        }
        kind.left_out += 1;
        shared.left_out.fetch_add(1, Ordering::Relaxed);
        false
    }

    fn kinds(&self) -> MutexGuard<'_, HashMap<Identifier, Kind>> {
        self.0.kinds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kind {
    fn of(event: &Event<'_>) -> Self {
        let mut message = Message::default();
        event.record(&mut message);
        Self {
            message: message.0,
            written: 0,
            left_out: 0,
        }
    }
}

/// The message of an event.
#[derive(Default)]
struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            let mut message = format!("{value:?}");
            message.truncate(message.floor_char_boundary(MAX_MESSAGE_BYTES));
            self.0 = message;
        }
    }
}

impl<S: Subscriber> Layer<S> for Throttle {
    fn event_enabled(&self, event: &Event<'_>, _: Context<'_, S>) -> bool {
        self.admits(event)
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What is written when something logs, and what had been counted at the end.
    fn written(log: impl FnOnce(&Throttle)) -> (Vec<String>, LogCounts) {
        let (throttle, lines) = (Throttle::default(), Lines::default());
        let writer = lines.clone();
        let format = tracing_subscriber::fmt::layer()
            .with_ansi(false)
            .without_time()
            .with_writer(move || writer.clone());
        let subscriber = tracing_subscriber::registry()
            .with(throttle.clone())
            .with(format);
        tracing::subscriber::with_default(subscriber, || log(&throttle));
        let bytes = lines.0.lock().unwrap().clone();
        let lines = String::from_utf8(bytes).unwrap();
        (
            lines.lines().map(str::to_owned).collect(),
            throttle.counts(),
        )
    }

    fn refuse(times: u64) {
        for number in 0..times {
            tracing::warn!(number, "refused");
        }
    }

    #[test]
    fn the_first_lines_of_a_kind_are_written_and_the_rest_is_summed_up() {
        let (lines, counts) = written(|throttle| {
            throttle.arm();
            refuse(1000);
            tracing::error!("another kind");
            throttle.sum_up();
        });
        let refused = lines.iter().filter(|it| it.contains("refused number"));
        assert_eq!(refused.count(), 10);
        assert!(lines.iter().any(|it| it.contains("another kind")));
        let summary = lines.last().unwrap();
        assert!(
            summary.contains("lines.left_out=990") && summary.contains("refused"),
            "{summary}"
        );
        let expected = LogCounts {
            warnings: 1001,
            errors: 1,
            left_out: 990,
        };
        assert_eq!(counts, expected);
    }

    #[test]
    fn a_new_period_begins_anew_and_a_quiet_one_has_no_summary() {
        let (lines, _) = written(|throttle| {
            throttle.arm();
            refuse(3);
            throttle.sum_up();
            refuse(3);
            throttle.sum_up();
        });
        assert_eq!(lines.len(), 6, "{lines:#?}");
    }

    #[test]
    fn nothing_is_left_out_at_start_and_below_warnings() {
        let (lines, counts) = written(|throttle| {
            refuse(20);
            throttle.arm();
            for _ in 0..20 {
                tracing::info!("a request");
            }
        });
        assert_eq!((lines.len(), counts.left_out), (40, 0));
    }
}
