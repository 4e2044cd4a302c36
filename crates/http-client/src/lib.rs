//! [`Client`]: outgoing HTTP requests, for every adapter that calls another server.
//!
//! | file | what it decides |
//! |---|---|
//! | `options` | what an operator can configure, and the errors of a bad configuration |
//! | `client` | headers, deadlines, and how much of a response is read |
//! | `connector` | TCP connections, and tunnels through a proxy |
//! | `proxy` | which requests go through which proxy |
//! | `encode` | percent-encoding in queries and forms |
//! | `error` | why there is no response |
//!
//! Redirects are not followed, cookies are not stored, requests are not retried, and nothing is read
//! from the environment. What a response means is up to the adapter.
//!
//! With the feature `fakes`, `peer` is a server on loopback to test against.

mod client;
mod connector;
pub mod encode;
mod error;
mod options;
#[cfg(feature = "fakes")]
pub mod peer;
mod proxy;

pub use client::{Answer, Client};
pub use error::ExchangeError;
pub use options::{Options, SetupError};
pub use proxy::{BadProxy, Proxies, Proxy};
