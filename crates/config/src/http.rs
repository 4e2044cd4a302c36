//! `registrar.http`: limits on requests and connections.

use std::time::Duration;

use registrar_http_hyper::Options;
use registrar_http_hyper::server::Capacity;
use serde_json::Value as Json;

use super::keys::keys;
use super::types::{Int, Positive, Size};

keys! {
    /// `registrar.http`.
    pub(crate) struct HttpKeys {
        /// From the end of a request's headers to the beginning of the answer.
        request_timeout: Positive = "30s",
        /// For sending the headers of a request.
        header_timeout: Positive = "10s",
        /// How long a connection may stay without a request.
        idle_timeout: Positive = "60s",
        /// The largest body of a request; larger ones get 413.
        body_limit: Size = "1M",
        /// Memory for the bodies of all requests together. One client may use a quarter. When it is used
        /// up, the oldest unfinished body of the client that uses most is given up with 503.
        body_memory: Size = "64M",
        /// Requests in progress at the same time, over all listeners; those beyond get 503. A request is
        /// in progress once its body is there. Probes (`/health`, metrics) have room of their own.
        max_requests: Count = "1024",
        /// Those of one client: an IPv4 address, or an IPv6 /64. Default: a quarter of `max_requests`.
        max_requests_per_address: Option<Count>,
        /// Connections at the same time, over all listeners. Beyond that, those that rest or stall are
        /// closed for new ones, first those of the address that has most. Listeners for metrics or
        /// `/health` alone have 64 of their own.
        max_connections: Count = "1000",
        /// Those of one IPv4 address or IPv6 /64. Default: a quarter of `max_connections`. Does not hold
        /// for trusted proxies (without `trusted_proxies`: for private addresses on listeners with
        /// `x_forwarded`) and Unix sockets.
        max_connections_per_address: Option<Count>,
        /// HTTP/2 requests of one address at the same time, over all its connections, answers that it
        /// does not take included. Default: a quarter of `max_requests`.
        max_streams_per_address: Option<Count>,
        /// How long running requests may take after the server was told to stop.
        shutdown_grace: Duration = "10s",
    }
}

type Count = Int<usize, 1, 1_000_000>;

/// How clients are served.
#[derive(Clone, Debug)]
pub struct Http {
    /// Limits on requests, and `/.well-known/matrix/client`. Nobody counts and nobody knows how the
    /// server is: that is for those who know.
    pub options: Options,
    /// Limits on connections.
    pub capacity: Capacity,
    /// `header_timeout`.
    pub header_timeout: Duration,
    /// `idle_timeout`.
    pub idle_timeout: Duration,
    /// `shutdown_grace`.
    pub shutdown_grace: Duration,
}

impl Http {
    pub(crate) fn read(keys: &HttpKeys, well_known_client: Option<Json>) -> Self {
        // One client alone must not use up everything, and many behind one address have enough.
        let share = |share: Option<usize>, all: usize| share.unwrap_or_else(|| all.div_ceil(4));
        let bytes = |size: u64| usize::try_from(size).unwrap_or(usize::MAX);
        if *keys.body_memory < *keys.body_limit {
            let at = &keys.body_memory.at;
            at.mistake("is less than one body of `body_limit`");
        }
        Self {
            options: Options {
                well_known_client,
                body_limit_bytes: bytes(*keys.body_limit),
                request_timeout: *keys.request_timeout,
                body_memory_bytes: bytes(*keys.body_memory),
                max_requests: *keys.max_requests,
                max_requests_per_address: share(*keys.max_requests_per_address, *keys.max_requests),
                ..Options::default()
            },
            capacity: Capacity {
                connections: *keys.max_connections,
                connections_per_address: share(
                    *keys.max_connections_per_address,
                    *keys.max_connections,
                ),
                streams_per_address: share(*keys.max_streams_per_address, *keys.max_requests),
            },
            header_timeout: *keys.header_timeout,
            idle_timeout: *keys.idle_timeout,
            shutdown_grace: *keys.shutdown_grace,
        }
    }
}
