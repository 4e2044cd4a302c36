//! [`Client`]: what every adapter that asks another server over HTTP has in common.
//!
//! | file | what it decides |
//! |---|---|
//! | `options` | what an operator may choose, and what a mistake there is called |
//! | `client` | headers, deadlines, and how much of an answer is read |
//! | `connector` | TCP, and the way through a proxy |
//! | `limit` | how much is read from a connection, whatever is made of it |
//! | `proxy` | which requests go through which proxy |
//! | `encode` | percent-encoding in queries and forms |
//! | `error` | why there is no answer |
//!
//! Redirects are not followed, cookies are not kept, nothing is asked twice, and nothing is read
//! from the environment. What an answer means is the adapter's business.
//!
//! With the feature `fakes`, `peer` is a server on loopback to test against.

mod client;
mod connector;
pub mod encode;
mod error;
mod limit;
mod options;
#[cfg(feature = "fakes")]
pub mod peer;
mod proxy;

pub use client::{Answer, Client};
pub use error::ExchangeError;
pub use options::{Options, SetupError};
pub use proxy::{BadProxy, Proxies, Proxy};
