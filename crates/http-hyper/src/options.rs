//! What the operator may choose about the HTTP front.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderName;
use serde_json::Value;

use crate::health::Health;
use crate::monitor::Monitor;
use crate::request::Forwarding;

/// The choices that hold for all listeners.
#[derive(Clone, Debug)]
pub struct Options {
    /// The document at `/.well-known/matrix/client`, which `POST /login` repeats; without one, 404.
    pub well_known_client: Option<Value>,
    /// The largest body of a request, in bytes; default 1 MiB. Larger ones get 413.
    pub body_limit_bytes: usize,
    /// From the end of a request's head to its answer; default 30 s. It covers the reading of the
    /// body (408 when that is what takes so long) and the work (503).
    pub request_timeout: Duration,
    /// The memory for bodies that are on their way or belong to requests in progress, in bytes;
    /// default 64 MiB, of which one client may have a quarter. When it is used up, the oldest body on
    /// its way of the client that uses most is given up with 503. One body always fits.
    pub body_memory_bytes: usize,
    /// Requests in progress at the same time, over all listeners; default 1024. Those beyond get 503.
    /// One whose body is still on its way is not in progress. Probes have room of their own.
    pub max_requests: usize,
    /// Those of one client, which is an IPv4 address or an IPv6 /64; default 256.
    pub max_requests_per_address: usize,
    /// Who counts requests and answers; without one there is nothing at [`Resource::Metrics`].
    pub monitor: Option<Arc<dyn Monitor>>,
    /// Who knows how the server is, for [`Resource::Health`]; without one, it is always well.
    pub health: Option<Arc<dyn Health>>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            well_known_client: None,
            body_limit_bytes: 1024 * 1024,
            request_timeout: Duration::from_secs(30),
            body_memory_bytes: 64 * 1024 * 1024,
            max_requests: 1024,
            max_requests_per_address: 256,
            monitor: None,
            health: None,
        }
    }
}

/// The choices for one listener.
#[derive(Clone, Debug)]
pub struct ListenerOptions {
    /// What is served.
    pub resources: BTreeSet<Resource>,
    /// Whose word on the client's address counts.
    pub forwarding: Forwarding,
    /// Where a proxy in front puts the ID of a request; without it every request gets a new one.
    pub request_id_header: Option<HeaderName>,
}

impl Default for ListenerOptions {
    /// Clients connect directly and find their API, `/health` and `/ready`.
    fn default() -> Self {
        Self {
            resources: BTreeSet::from([Resource::Client, Resource::Health]),
            forwarding: Forwarding::Ignored,
            request_id_header: None,
        }
    }
}

/// A part of what this server serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resource {
    /// The client-server API.
    Client,
    /// The page on which people agree to the operator's policies.
    Consent,
    /// Numbers for monitoring, of the whole server: not for everybody to see.
    Metrics,
    /// `/health` and `/ready`.
    Health,
}

impl Resource {
    /// Is it for those who watch the server rather than for people and their clients?
    pub fn is_for_probes(self) -> bool {
        match self {
            Self::Metrics | Self::Health => true,
            Self::Client | Self::Consent => false,
        }
    }
}
