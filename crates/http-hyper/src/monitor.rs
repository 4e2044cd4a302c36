//! [`Monitor`]: counts requests and responses.

use std::fmt;
use std::time::Duration;

use http::{Method, StatusCode};

use crate::router::Destination;

/// Counts requests and responses, and renders the metrics for the resource
/// [`Metrics`](crate::Resource::Metrics). Requests wait for its methods, so they must return quickly.
pub trait Monitor: Send + Sync + fmt::Debug {
    /// A request has arrived.
    fn received(&self, exchange: Exchange);

    /// A request has got its response.
    fn answered(&self, exchange: Exchange, answer: Answered);

    /// A request gets no response: its client has closed the connection.
    fn dropped(&self, exchange: Exchange);

    /// All metrics in the text format of Prometheus, version 0.0.4.
    fn render(&self) -> String;
}

/// The labels of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// The method, or `OTHER` for one that no endpoint has.
    pub method: &'static str,
    /// The name of the endpoint, one of [`servlets`](crate::servlets).
    pub servlet: &'static str,
}

/// The numbers of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answered {
    /// The status.
    pub status: StatusCode,
    /// The length of the body, in bytes.
    pub size: u64,
    /// The time from the head of the request to the response.
    pub duration: Duration,
}

/// The name for unknown paths, as in Synapse.
pub(crate) const UNRECOGNIZED: &str = "unrecognised_request_handler";
/// The name for `OPTIONS` requests.
pub(crate) const OPTIONS: &str = "OptionsResource";

impl Exchange {
    pub(crate) fn of<B>(request: &http::Request<B>) -> Self {
        let method = request.method();
        let servlet = match request.extensions().get() {
            _ if *method == Method::OPTIONS => OPTIONS,
            Some(Destination::Place(place, _)) => place.servlet(method).unwrap_or(UNRECOGNIZED),
            Some(Destination::UnknownEndpoint | Destination::UnknownPage) | None => UNRECOGNIZED,
        };
        Self {
            method: method_name(method),
            servlet,
        }
    }
}

fn method_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "OTHER",
    }
}
