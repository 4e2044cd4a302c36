//! The configuration of the HTTP API.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderName;
use serde_json::Value;

use crate::health::Health;
use crate::monitor::Monitor;
use crate::request::Forwarding;

/// The configuration of all listeners.
#[derive(Clone, Debug)]
pub struct Options {
    /// The document at `/.well-known/matrix/client`, which `POST /login` repeats; without one, 404.
    pub well_known_client: Option<Value>,
    /// The largest body of a request, in bytes; default 1 MiB. Larger ones get 413.
    pub body_limit_bytes: usize,
    /// The deadline from the end of a request's head to its response; default 30 s. It includes reading
    /// the body (then the error is 408) and handling the request (503).
    pub request_timeout: Duration,
    /// The memory for the bodies of all requests that are being read or handled, in bytes; default
    /// 64 MiB, of which one client may use a quarter. When it is used up, the client that uses most gets
    /// 503 for the oldest body that is still being read. One body always fits.
    pub body_memory_bytes: usize,
    /// The most requests in progress over all listeners; default 1024. Further ones get 503. A request
    /// whose body is still being read does not count. Probes have a limit of their own.
    pub max_requests: usize,
    /// The most requests in progress of one client, which is an IPv4 address or an IPv6 /64; default 256.
    pub max_requests_per_address: usize,
    /// Counts requests and responses. Without one, [`Resource::Metrics`] is not found.
    pub monitor: Option<Arc<dyn Monitor>>,
    /// The state of the server, for [`Resource::Health`]. Without one, it is always ready.
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

/// The configuration of one listener.
#[derive(Clone, Debug)]
pub struct ListenerOptions {
    /// The resources that are served.
    pub resources: BTreeSet<Resource>,
    /// Whose `X-Forwarded-For` is trusted.
    pub forwarding: Forwarding,
    /// The header in which a reverse proxy sends the ID of a request. Without one, each request gets a
    /// new ID.
    pub request_id_header: Option<HeaderName>,
}

impl Default for ListenerOptions {
    /// Clients connect directly; the client API, `/health` and `/ready` are served.
    fn default() -> Self {
        Self {
            resources: BTreeSet::from([Resource::Client, Resource::Health]),
            forwarding: Forwarding::Ignored,
            request_id_header: None,
        }
    }
}

/// A group of endpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resource {
    /// The client-server API.
    Client,
    /// The page on which users agree to the operator's policy.
    Consent,
    /// Metrics of the whole server. They should not be public.
    Metrics,
    /// `/health` and `/ready`.
    Health,
}

impl Resource {
    /// Is it for monitoring, rather than for users and clients?
    pub fn is_for_probes(self) -> bool {
        match self {
            Self::Metrics | Self::Health => true,
            Self::Client | Self::Consent => false,
        }
    }
}
