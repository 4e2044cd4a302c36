//! [`Monitor`]: whoever counts requests and answers.

use std::fmt;
use std::time::Duration;

use http::{Method, StatusCode};

use crate::router::Destination;

/// Counts requests and answers, and shows the numbers at the resource
/// [`Metrics`](crate::Resource::Metrics). Requests wait for it, so it must be quick.
pub trait Monitor: Send + Sync + fmt::Debug {
    /// A request has come in.
    fn received(&self, exchange: Exchange);

    /// A request that had come in is answered.
    fn answered(&self, exchange: Exchange, answer: Answered);

    /// A request that had come in will not be answered: its client has gone.
    fn dropped(&self, exchange: Exchange);

    /// All numbers, in the text format of Prometheus, version 0.0.4.
    fn render(&self) -> String;
}

/// What a request is, in few enough words to count by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// The method, or `OTHER` for one that no endpoint has.
    pub method: &'static str,
    /// The name of what answers, one of [`servlets`](crate::servlets).
    pub servlet: &'static str,
}

/// What an answer is, in numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answered {
    /// The status.
    pub status: StatusCode,
    /// The length of the body, in bytes.
    pub size: u64,
    /// From the head of the request to the answer.
    pub duration: Duration,
}

/// The name of unknown paths, in Synapse's spelling.
pub(crate) const UNRECOGNIZED: &str = "unrecognised_request_handler";
/// What answers `OPTIONS`, for every path.
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
