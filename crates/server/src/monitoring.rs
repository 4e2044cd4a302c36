//! Between the numbers and everything that is counted: adapters never see each other, so whatever the
//! one says is put into the other's words here.

use std::fmt;
use std::sync::Arc;

use registrar_domain::ports::observer::NullObserver;
use registrar_domain::ports::{Observer, Ports};
use registrar_http_hyper::Monitor;
use registrar_http_hyper::monitor::{Answered, Exchange};
use registrar_metrics::{Level, Metrics, Options, Pool, Reading};
use registrar_runtime::{AvailabilityPacer, HashPool};
use registrar_storage_diesel::DieselStore;

use crate::telemetry::Throttle;

/// A number, and how to read it from its owner.
type Row<T> = (Reading, fn(&T) -> u64);

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

    /// Shows the connections to the database.
    pub(crate) fn watch_pools(&self, store: &Arc<DieselStore>) {
        use Pool::{Readers, Writers};
        self.show(
            store,
            &[
                (Reading::ConnectionsInUse(Readers), |it| {
                    it.usage().readers.in_use.into()
                }),
                (Reading::ConnectionsIdle(Readers), |it| {
                    it.usage().readers.idle.into()
                }),
                (Reading::ConnectionsMax(Readers), |it| {
                    it.usage().readers.size.into()
                }),
                (Reading::ConnectionsInUse(Writers), |it| {
                    it.usage().writers.in_use.into()
                }),
                (Reading::ConnectionsIdle(Writers), |it| {
                    it.usage().writers.idle.into()
                }),
                (Reading::ConnectionsMax(Writers), |it| {
                    it.usage().writers.size.into()
                }),
            ],
        );
    }

    /// Shows the load of the hashing threads.
    pub(crate) fn watch_hashing(&self, hash_pool: &Arc<HashPool>) {
        self.show(
            hash_pool,
            &[
                (Reading::HashQueueLength, |it| it.load().queued as u64),
                (Reading::HashQueueBusy, |it| it.load().busy as u64),
                (Reading::HashQueueCapacity, |it| it.load().capacity as u64),
            ],
        );
    }

    /// Shows the pacing of requests for username availability.
    pub(crate) fn watch_pacing(&self, pacer: &Arc<AvailabilityPacer>) {
        self.show(
            pacer,
            &[
                (Reading::DelayedClients, |it| {
                    it.load().delayed_clients as u64
                }),
                (Reading::RefusedClients, |it| {
                    it.load().refused_clients as u64
                }),
            ],
        );
    }

    /// Shows how much is logged.
    pub(crate) fn watch_log(&self, throttle: &Throttle) {
        let Some(metrics) = &self.0 else {
            return;
        };
        let rows: [Row<Throttle>; 3] = [
            (Reading::LogLines(Level::Warn), |it| it.counts().warnings),
            (Reading::LogLines(Level::Error), |it| it.counts().errors),
            (Reading::LogLinesLeftOut, |it| it.counts().left_out),
        ];
        for (reading, read) in rows {
            let throttle = throttle.clone();
            metrics.show(reading, move || Some(read(&throttle)));
        }
    }

    /// Shows numbers of an owner. Does not keep the owner alive: a database is closed by dropping it.
    fn show<T: Send + Sync + 'static>(&self, owner: &Arc<T>, rows: &[Row<T>]) {
        let Some(metrics) = &self.0 else {
            return;
        };
        for &(reading, read) in rows {
            let owner = Arc::downgrade(owner);
            metrics.show(reading, move || Some(read(&*owner.upgrade()?)));
        }
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
