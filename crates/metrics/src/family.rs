//! Making families of metrics, and the list of what was made.

use prometheus::core::Collector;
use prometheus::{
    Counter, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge,
    IntGaugeVec, Opts, Registry,
};

/// From a few milliseconds to ten seconds: Synapse's buckets for answers.
const SECONDS: [f64; 14] = [
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
];

/// A family of metrics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name; a histogram's without `_bucket`, `_sum` and `_count`.
    pub name: &'static str,
    /// What it is.
    pub kind: Kind,
    /// Its labels, besides `server_name`.
    pub labels: Vec<&'static str>,
    /// Is `server_name` a label of it?
    pub has_server_name: bool,
}

/// What a family of metrics is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It only grows.
    Counter,
    /// It rises and falls.
    Gauge,
    /// How often values fell into which range.
    Histogram,
}

impl Kind {
    /// The word for it in the exposition.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// Where families are made.
pub(crate) struct Families {
    registry: Registry,
    catalog: Vec<Entry>,
    server_name: String,
}

const SOUND: &str = "names and labels are constants that follow the rules";
const UNIQUE: &str = "each name is there once";

impl Families {
    pub(crate) fn new(server_name: &str) -> Self {
        Self {
            registry: Registry::new(),
            catalog: Vec::new(),
            server_name: server_name.to_owned(),
        }
    }

    pub(crate) fn into_parts(self) -> (Registry, Vec<Entry>) {
        (self.registry, self.catalog)
    }

    pub(crate) fn counter(&mut self, name: &'static str, help: &str) -> IntCounter {
        let counter = IntCounter::with_opts(self.options(name, help)).expect(SOUND);
        self.register(name, Kind::Counter, &[], &counter)
    }

    pub(crate) fn counters(
        &mut self,
        name: &'static str,
        help: &str,
        labels: &[&'static str],
    ) -> IntCounterVec {
        let counters = IntCounterVec::new(self.options(name, help), labels).expect(SOUND);
        self.register(name, Kind::Counter, labels, &counters)
    }

    pub(crate) fn gauge(&mut self, name: &'static str, help: &str) -> IntGauge {
        let gauge = IntGauge::with_opts(self.options(name, help)).expect(SOUND);
        self.register(name, Kind::Gauge, &[], &gauge)
    }

    pub(crate) fn gauges(
        &mut self,
        name: &'static str,
        help: &str,
        labels: &[&'static str],
    ) -> IntGaugeVec {
        let gauges = IntGaugeVec::new(self.options(name, help), labels).expect(SOUND);
        self.register(name, Kind::Gauge, labels, &gauges)
    }

    /// A histogram of durations.
    pub(crate) fn seconds(&mut self, name: &'static str, help: &str) -> Histogram {
        let options = HistogramOpts::from(self.options(name, help)).buckets(SECONDS.to_vec());
        let histogram = Histogram::with_opts(options).expect(SOUND);
        self.register(name, Kind::Histogram, &[], &histogram)
    }

    /// Histograms of durations.
    pub(crate) fn seconds_by(
        &mut self,
        name: &'static str,
        help: &str,
        labels: &[&'static str],
    ) -> HistogramVec {
        self.histograms(name, help, labels, &SECONDS)
    }

    pub(crate) fn histograms(
        &mut self,
        name: &'static str,
        help: &str,
        labels: &[&'static str],
        buckets: &[f64],
    ) -> HistogramVec {
        let options = HistogramOpts::from(self.options(name, help)).buckets(buckets.to_vec());
        let histograms = HistogramVec::new(options, labels).expect(SOUND);
        self.register(name, Kind::Histogram, labels, &histograms)
    }

    /// A number of the process, which every program has under this name and without a server name.
    pub(crate) fn process_gauge(&mut self, name: &'static str, help: &str) -> IntGauge {
        let gauge = IntGauge::new(name, help).expect(SOUND);
        self.register_plain(name, Kind::Gauge, &gauge)
    }

    /// A growing number of the process, with fractions.
    pub(crate) fn process_counter(&mut self, name: &'static str, help: &str) -> Counter {
        let counter = Counter::new(name, help).expect(SOUND);
        self.register_plain(name, Kind::Counter, &counter)
    }

    fn options(&self, name: &str, help: &str) -> Opts {
        Opts::new(name, help).const_label("server_name", &self.server_name)
    }

    fn register<C: Collector + Clone + 'static>(
        &mut self,
        name: &'static str,
        kind: Kind,
        labels: &[&'static str],
        collector: &C,
    ) -> C {
        self.add(name, kind, labels, true, collector)
    }

    fn register_plain<C: Collector + Clone + 'static>(
        &mut self,
        name: &'static str,
        kind: Kind,
        collector: &C,
    ) -> C {
        self.add(name, kind, &[], false, collector)
    }

    fn add<C: Collector + Clone + 'static>(
        &mut self,
        name: &'static str,
        kind: Kind,
        labels: &[&'static str],
        has_server_name: bool,
        collector: &C,
    ) -> C {
        self.registry
            .register(Box::new(collector.clone()))
            .expect(UNIQUE);
        self.catalog.push(Entry {
            name,
            kind,
            labels: labels.to_vec(),
            has_server_name,
        });
        collector.clone()
    }
}
