//! Between the numbers and everything that is counted: adapters never see each other, so whatever the
//! one says is put into the other's words here.

use std::fmt;
use std::sync::Arc;

use registrar_domain::ports::observer::NullObserver;
use registrar_domain::ports::{Observer, Ports};
use registrar_http_hyper::Monitor;
use registrar_http_hyper::monitor::{Answered, Exchange};
use registrar_metrics::{
    HashingSample, LogSample, Metrics, Options, PacingSample, PoolSample, PoolsSample,
};
use registrar_runtime::{AvailabilityPacer, HashPool};
use registrar_storage_diesel::{DieselStore, PoolUsage};

use crate::telemetry::Throttle;

/// The numbers, if the operator wants any.
#[derive(Clone)]
pub(crate) struct Monitoring(Option<Arc<Metrics>>);

impl Monitoring {
    /// Begins to count for `server_name`.
    pub(crate) fn start(server_name: impl fmt::Display) -> Self {
        let options = Options {
            server_name: server_name.to_string(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            servlets: registrar_http_hyper::servlets(),
        };
        Self(Some(Arc::new(Metrics::new(options))))
    }

    /// Counts nothing.
    pub(crate) fn off() -> Self {
        Self(None)
    }

    /// Who counts what the use-cases tell of.
    pub(crate) fn observer(&self) -> Arc<dyn Observer> {
        match &self.0 {
            Some(metrics) => Arc::<Metrics>::clone(metrics),
            None => Arc::new(NullObserver),
        }
    }

    /// Who counts requests, and shows the numbers.
    pub(crate) fn http(&self) -> Option<Arc<dyn Monitor>> {
        let metrics = self.0.as_ref()?;
        Some(Arc::new(HttpMonitor(Arc::clone(metrics))))
    }

    /// The same ports, watched.
    pub(crate) fn watch(&self, ports: Ports) -> Ports {
        match &self.0 {
            Some(metrics) => metrics.watch(ports),
            None => ports,
        }
    }

    /// Watches the connections to the database. Keeps nothing alive: a database is closed by
    /// dropping it.
    pub(crate) fn watch_pools(&self, store: &Arc<DieselStore>) {
        let Some(metrics) = &self.0 else {
            return;
        };
        let watched = Arc::downgrade(store);
        metrics.watch_pools(move || {
            let usage = watched.upgrade()?.usage();
            Some(PoolsSample {
                readers: pool(usage.readers),
                writers: pool(usage.writers),
            })
        });
    }

    /// Watches the hashing threads.
    pub(crate) fn watch_hashing(&self, hash_pool: &Arc<HashPool>) {
        let Some(metrics) = &self.0 else {
            return;
        };
        let watched = Arc::downgrade(hash_pool);
        metrics.watch_hashing(move || {
            let load = watched.upgrade()?.load();
            Some(HashingSample {
                queued: load.queued,
                busy: load.busy,
                capacity: load.capacity,
            })
        });
    }

    /// Watches how much is logged.
    pub(crate) fn watch_log(&self, throttle: &Throttle) {
        let Some(metrics) = &self.0 else {
            return;
        };
        let throttle = throttle.clone();
        metrics.watch_log(move || {
            let counts = throttle.counts();
            LogSample {
                warnings: counts.warnings,
                errors: counts.errors,
                left_out: counts.left_out,
            }
        });
    }

    /// Watches the pacing of questions about username availability.
    pub(crate) fn watch_pacing(&self, pacer: &Arc<AvailabilityPacer>) {
        let Some(metrics) = &self.0 else {
            return;
        };
        let watched = Arc::downgrade(pacer);
        metrics.watch_pacing(move || {
            let load = watched.upgrade()?.load();
            Some(PacingSample {
                delayed_clients: load.delayed_clients,
                refused_clients: load.refused_clients,
            })
        });
    }
}

fn pool(usage: PoolUsage) -> PoolSample {
    PoolSample {
        size: usage.size,
        in_use: usage.in_use,
        idle: usage.idle,
    }
}

/// The numbers, as the HTTP front wants to see them.
#[derive(Debug)]
struct HttpMonitor(Arc<Metrics>);

impl Monitor for HttpMonitor {
    fn received(&self, exchange: Exchange) {
        self.0.http().received(exchange.method, exchange.servlet);
    }

    fn answered(&self, exchange: Exchange, answer: Answered) {
        let Answered {
            status,
            size,
            duration,
        } = answer;
        self.0.http().answered(
            exchange.method,
            exchange.servlet,
            status.as_u16(),
            size,
            duration,
        );
    }

    fn dropped(&self, exchange: Exchange) {
        self.0.http().dropped(exchange.method, exchange.servlet);
    }

    fn render(&self) -> String {
        self.0.render()
    }
}
