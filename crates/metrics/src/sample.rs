//! What is measured when somebody reads the numbers, rather than counted when it happens.

use prometheus::{IntCounter, IntCounterVec, IntGauge, IntGaugeVec};

use crate::family::Families;

/// Brings gauges up to date.
pub(crate) type Sampler = Box<dyn FnMut() + Send>;

/// A pool of database connections at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolSample {
    /// The most connections it opens.
    pub size: u32,
    /// Connections that serve a unit of work.
    pub in_use: u32,
    /// Open connections that wait for one.
    pub idle: u32,
}

/// All pools of database connections at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolsSample {
    /// Connections that only read.
    pub readers: PoolSample,
    /// Connections that write.
    pub writers: PoolSample,
}

/// The hashing threads at a moment, in hashes of default cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HashingSample {
    /// Waiting.
    pub queued: usize,
    /// Being computed.
    pub busy: usize,
    /// The most that may wait.
    pub capacity: usize,
}

/// The clients that ask for username availability, at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PacingSample {
    /// Those who ask so often that their questions have to wait.
    pub delayed_clients: usize,
    /// Those of whom so many questions wait that more would be refused.
    pub refused_clients: usize,
}

/// How many lines the log has had since the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogSample {
    /// Warnings, those that were left out included.
    pub warnings: u64,
    /// Errors, those that were left out included.
    pub errors: u64,
    /// Those of both that were left out because there were too many of a kind.
    pub left_out: u64,
}

#[derive(Clone)]
pub(crate) struct SampledMetrics {
    connections: IntGaugeVec,
    connections_max: IntGaugeVec,
    hash_queue: IntGauge,
    hash_busy: IntGauge,
    hash_capacity: IntGauge,
    delayed_clients: IntGauge,
    refused_clients: IntGauge,
    log_lines: IntCounterVec,
    log_lines_left_out: IntCounter,
}

impl SampledMetrics {
    pub(crate) fn new(families: &mut Families) -> Self {
        let limiter = ["rate_limiter_name"];
        let delayed_clients = families.gauges(
            "synapse_rate_limit_sleep_affected_hosts",
            "Clients that ask about username availability so often that they have to wait.",
            &limiter,
        );
        let refused_clients = families.gauges(
            "synapse_rate_limit_reject_affected_hosts",
            "Clients of whom so many questions about username availability wait that more are refused.",
            &limiter,
        );
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
            hash_queue: families.gauge(
                "registrar_password_hash_queue_length",
                "Work that waits for a hashing thread, in hashes of default cost.",
            ),
            hash_busy: families.gauge(
                "registrar_password_hash_queue_busy",
                "Work that hashing threads are at, in hashes of default cost.",
            ),
            hash_capacity: families.gauge(
                "registrar_password_hash_queue_capacity",
                "The most work that may wait for a hashing thread, in hashes of default cost.",
            ),
            delayed_clients: delayed_clients.with_label_values(&[crate::events::AVAILABILITY]),
            refused_clients: refused_clients.with_label_values(&[crate::events::AVAILABILITY]),
            log_lines: families.counters(
                "registrar_log_lines_total",
                "Warnings and errors for the log, those that were left out included.",
                &["level"],
            ),
            log_lines_left_out: families.counter(
                "registrar_log_lines_left_out_total",
                "Warnings and errors that were left out because there were too many of a kind.",
            ),
        }
    }

    pub(crate) fn set_pools(&self, sample: Option<PoolsSample>) {
        let Some(PoolsSample { readers, writers }) = sample else {
            return;
        };
        for (pool, sample) in [("readers", readers), ("writers", writers)] {
            let state = |state| self.connections.with_label_values(&[pool, state]);
            state("in_use").set(sample.in_use.into());
            state("idle").set(sample.idle.into());
            let max = self.connections_max.with_label_values(&[pool]);
            max.set(sample.size.into());
        }
    }

    pub(crate) fn set_hashing(&self, sample: Option<HashingSample>) {
        let Some(sample) = sample else {
            return;
        };
        self.hash_queue.set(gauge_value(sample.queued));
        self.hash_busy.set(gauge_value(sample.busy));
        self.hash_capacity.set(gauge_value(sample.capacity));
    }

    pub(crate) fn set_log(&self, sample: LogSample) {
        let LogSample {
            warnings,
            errors,
            left_out,
        } = sample;
        raise(&self.log_lines.with_label_values(&["warn"]), warnings);
        raise(&self.log_lines.with_label_values(&["error"]), errors);
        raise(&self.log_lines_left_out, left_out);
    }

    pub(crate) fn set_pacing(&self, sample: Option<PacingSample>) {
        let Some(sample) = sample else {
            return;
        };
        self.delayed_clients
            .set(gauge_value(sample.delayed_clients));
        self.refused_clients
            .set(gauge_value(sample.refused_clients));
    }
}

/// Brings a counter up to a number that is counted elsewhere.
fn raise(counter: &IntCounter, to: u64) {
    counter.inc_by(to.saturating_sub(counter.get()));
}

fn gauge_value(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
