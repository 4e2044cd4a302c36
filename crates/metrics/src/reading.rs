//! Numbers that something else keeps, and that are read when the metrics are rendered.

use prometheus::{IntCounter, IntCounterVec, IntGauge, IntGaugeVec};

use crate::family::Families;

/// Brings metrics up to date.
pub(crate) type Sampler = Box<dyn Fn() + Send>;

/// A number that something else keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// Database connections that serve a unit of work.
    ConnectionsInUse(Pool),
    /// Open database connections that serve none.
    ConnectionsIdle(Pool),
    /// The most database connections that the pool opens.
    ConnectionsMax(Pool),
    /// Work that waits for a hashing thread, in hashes of default cost.
    HashQueueLength,
    /// Work in progress on the hashing threads, in hashes of default cost.
    HashQueueBusy,
    /// The most work that may wait for a hashing thread, in hashes of default cost.
    HashQueueCapacity,
    /// Clients whose requests for username availability have to wait.
    DelayedClients,
    /// Clients with so many waiting requests for username availability that more are refused.
    RefusedClients,
    /// Lines for the log since the start, including those that were left out.
    LogLines(Level),
    /// Lines for the log that were left out since the start.
    LogLinesLeftOut,
}

/// A pool of database connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pool {
    /// Connections that only read.
    Readers,
    /// Connections that write.
    Writers,
}

/// How serious a line of the log is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// A warning.
    Warn,
    /// An error.
    Error,
}

impl Pool {
    fn label(self) -> &'static str {
        match self {
            Self::Readers => "readers",
            Self::Writers => "writers",
        }
    }
}

impl Level {
    fn label(self) -> &'static str {
        match self {
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

pub(crate) struct Readings {
    connections: IntGaugeVec,
    connections_max: IntGaugeVec,
    hash_queue_length: IntGauge,
    hash_queue_busy: IntGauge,
    hash_queue_capacity: IntGauge,
    delayed_clients: IntGaugeVec,
    refused_clients: IntGaugeVec,
    log_lines: IntCounterVec,
    log_lines_left_out: IntCounter,
}

impl Readings {
    pub(crate) fn new(families: &mut Families) -> Self {
        let limiter = ["rate_limiter_name"];
        Self {
            connections: families.gauges(
                "registrar_db_connections",
                "Open connections to the database.",
                &["pool", "state"],
            ),
            connections_max: families.gauges(
                "registrar_db_connections_max",
                "The most connections that a pool opens.",
                &["pool"],
            ),
            hash_queue_length: families.gauge(
                "registrar_password_hash_queue_length",
                "Work that waits for a hashing thread, in hashes of default cost.",
            ),
            hash_queue_busy: families.gauge(
                "registrar_password_hash_queue_busy",
                "Work in progress on the hashing threads, in hashes of default cost.",
            ),
            hash_queue_capacity: families.gauge(
                "registrar_password_hash_queue_capacity",
                "The most work that may wait for a hashing thread, in hashes of default cost.",
            ),
            delayed_clients: families.gauges(
                "synapse_rate_limit_sleep_affected_hosts",
                "Clients whose requests for username availability have to wait.",
                &limiter,
            ),
            refused_clients: families.gauges(
                "synapse_rate_limit_reject_affected_hosts",
                "Clients with so many waiting requests for username availability that more are refused.",
                &limiter,
            ),
            log_lines: families.counters(
                "registrar_log_lines_total",
                "Warnings and errors for the log, including those that were left out.",
                &["level"],
            ),
            log_lines_left_out: families.counter(
                "registrar_log_lines_left_out_total",
                "Warnings and errors that were left out because there were too many of a kind.",
            ),
        }
    }

    /// What copies a number into its metric. `None` leaves the metric as it was.
    pub(crate) fn sampler(
        &self,
        reading: Reading,
        read: impl Fn() -> Option<u64> + Send + 'static,
    ) -> Sampler {
        let limiter = [crate::events::AVAILABILITY];
        let connections =
            |pool: Pool, state| self.connections.with_label_values(&[pool.label(), state]);
        let gauge = match reading {
            Reading::ConnectionsInUse(pool) => connections(pool, "in_use"),
            Reading::ConnectionsIdle(pool) => connections(pool, "idle"),
            Reading::ConnectionsMax(pool) => {
                self.connections_max.with_label_values(&[pool.label()])
            }
            Reading::HashQueueLength => self.hash_queue_length.clone(),
            Reading::HashQueueBusy => self.hash_queue_busy.clone(),
            Reading::HashQueueCapacity => self.hash_queue_capacity.clone(),
            Reading::DelayedClients => self.delayed_clients.with_label_values(&limiter),
            Reading::RefusedClients => self.refused_clients.with_label_values(&limiter),
            Reading::LogLines(level) => {
                return raises(self.log_lines.with_label_values(&[level.label()]), read);
            }
            Reading::LogLinesLeftOut => return raises(self.log_lines_left_out.clone(), read),
        };
        Box::new(move || {
            if let Some(number) = read() {
                gauge.set(i64::try_from(number).unwrap_or(i64::MAX));
            }
        })
    }
}

/// Brings a counter up to a number that is counted elsewhere.
fn raises(counter: IntCounter, read: impl Fn() -> Option<u64> + Send + 'static) -> Sampler {
    Box::new(move || {
        if let Some(number) = read() {
            counter.inc_by(number.saturating_sub(counter.get()));
        }
    })
}
