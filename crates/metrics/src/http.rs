//! Requests and answers.

use std::array;
use std::sync::OnceLock;
use std::time::Duration;

use prometheus::{Histogram, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec};

use crate::family::Families;

/// The methods that are told apart; the last one stands for all others.
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "OTHER"];
/// The servlet of requests that none answers, as Synapse calls it.
const UNRECOGNIZED: &str = "unrecognised_request_handler";
/// In Synapse the kind of synchronization; empty here.
const TAG: &str = "";
/// The statuses that are looked up without a lock. Others work too.
const USUAL_STATUSES: [u16; 12] = [200, 204, 302, 400, 401, 403, 404, 405, 409, 413, 429, 503];

/// The numbers about requests.
///
/// Counting takes no lock once a servlet has been asked and has answered with a status before.
pub struct HttpMetrics {
    servlets: Vec<Servlet>,
    families: HttpFamilies,
    dropped: IntCounter,
}

struct Servlet {
    name: &'static str,
    by_method: [OnceLock<Series>; METHODS.len()],
}

struct HttpFamilies {
    received: IntCounterVec,
    in_flight: IntGaugeVec,
    count: IntCounterVec,
    size: IntCounterVec,
    seconds: HistogramVec,
    responses: IntCounterVec,
}

/// Everything about one method of one servlet.
struct Series {
    method: &'static str,
    servlet: &'static str,
    received: IntCounter,
    in_flight: IntGauge,
    count: IntCounter,
    size: IntCounter,
    by_status: [OnceLock<StatusSeries>; USUAL_STATUSES.len()],
}

#[derive(Clone)]
struct StatusSeries {
    responses: IntCounter,
    seconds: Histogram,
}

impl HttpMetrics {
    pub(crate) fn new(families: &mut Families, mut servlets: Vec<&'static str>) -> Self {
        servlets.push(UNRECOGNIZED);
        servlets.sort_unstable();
        servlets.dedup();
        let servlets = servlets.into_iter().map(|name| Servlet {
            name,
            by_method: array::from_fn(|_| OnceLock::new()),
        });
        Self {
            servlets: servlets.collect(),
            families: HttpFamilies::new(families),
            dropped: families.counter(
                "registrar_http_requests_dropped_total",
                "Requests whose client closed the connection before the response.",
            ),
        }
    }

    /// A request has come in.
    pub fn received(&self, method: &str, servlet: &str) {
        let series = self.series(method, servlet);
        series.received.inc();
        series.in_flight.inc();
    }

    /// A request that had come in is answered with `status` and `size` bytes.
    pub fn answered(
        &self,
        method: &str,
        servlet: &str,
        status: u16,
        size: u64,
        duration: Duration,
    ) {
        let series = self.series(method, servlet);
        series.in_flight.dec();
        series.count.inc();
        series.size.inc_by(size);
        let usual = USUAL_STATUSES.iter().position(|it| *it == status);
        let new = || {
            self.families
                .of_status(series.method, series.servlet, status)
        };
        let fresh;
        let by_status = match usual {
            Some(index) => series.by_status[index].get_or_init(new),
            None => {
                fresh = new();
                &fresh
            }
        };
        by_status.responses.inc();
        by_status.seconds.observe(duration.as_secs_f64());
    }

    /// A request that had come in will not be answered.
    pub fn dropped(&self, method: &str, servlet: &str) {
        self.series(method, servlet).in_flight.dec();
        self.dropped.inc();
    }

    fn series(&self, method: &str, servlet: &str) -> &Series {
        let servlet = self.known(servlet);
        let index = method_index(method);
        servlet.by_method[index].get_or_init(|| self.families.of(METHODS[index], servlet.name))
    }

    fn known(&self, name: &str) -> &Servlet {
        let find = |name| self.servlets.binary_search_by(|it| it.name.cmp(name));
        let index = find(name).or_else(|_| find(UNRECOGNIZED));
        &self.servlets[index.expect("it was put there")]
    }
}

fn method_index(method: &str) -> usize {
    let found = METHODS.iter().position(|it| *it == method);
    found.unwrap_or(METHODS.len() - 1)
}

impl HttpFamilies {
    fn new(families: &mut Families) -> Self {
        let by_servlet = ["method", "servlet"];
        let by_tag = ["method", "servlet", "tag"];
        Self {
            received: families.counters(
                "synapse_http_server_requests_received_total",
                "Requests received.",
                &by_servlet,
            ),
            in_flight: families.gauges(
                "synapse_http_server_in_flight_requests_count",
                "Requests in progress.",
                &by_servlet,
            ),
            count: families.counters(
                "synapse_http_server_response_count_total",
                "Responses.",
                &by_tag,
            ),
            size: families.counters(
                "synapse_http_server_response_size_total",
                "Bytes of the bodies of responses.",
                &by_tag,
            ),
            seconds: families.seconds_by(
                "synapse_http_server_response_time_seconds",
                "The time from the head of a request to its response, in seconds.",
                &["method", "servlet", "tag", "code"],
            ),
            responses: families.counters(
                "synapse_http_server_responses_total",
                "Responses, by status.",
                &["method", "code"],
            ),
        }
    }

    fn of(&self, method: &'static str, servlet: &'static str) -> Series {
        Series {
            method,
            servlet,
            received: self.received.with_label_values(&[method, servlet]),
            in_flight: self.in_flight.with_label_values(&[method, servlet]),
            count: self.count.with_label_values(&[method, servlet, TAG]),
            size: self.size.with_label_values(&[method, servlet, TAG]),
            by_status: array::from_fn(|_| OnceLock::new()),
        }
    }

    fn of_status(&self, method: &str, servlet: &str, status: u16) -> StatusSeries {
        let status = status.to_string();
        StatusSeries {
            responses: self.responses.with_label_values(&[method, &status]),
            seconds: self
                .seconds
                .with_label_values(&[method, servlet, TAG, &status]),
        }
    }
}
