#![doc = include_str!("../README.md")]
//!
//! # Files
//!
//! | file | what it decides |
//! |---|---|
//! | `options` | what an operator can configure, and the errors of a bad configuration |
//! | `client` | headers, deadlines, and how much of a response is read |
//! | `url` | which URLs a server can have |
//! | `connector` | TCP connections, and tunnels through a proxy |
//! | `proxy` | which requests go through which proxy |
//! | `encode` | percent-encoding in queries and forms |
//! | `error` | why there is no response |

mod client;
mod connector;
pub mod encode;
mod error;
mod options;
#[cfg(feature = "fakes")]
pub mod peer;
mod proxy;
mod url;

pub use client::{Answer, Client};
pub use error::ExchangeError;
pub use options::{Options, SetupError};
pub use proxy::{BadProxy, Proxies, Proxy};
pub use url::{BadUrl, HttpUrl};
