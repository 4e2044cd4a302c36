//! TLS of outgoing connections: whom they trust, and what a failed handshake means.
//!
//! | file | what it decides |
//! |---|---|
//! | `trust` | which certificates are accepted |
//! | `explain` | what a failed handshake means to an operator, and what to do |
//!
//! What is deliberately absent: sockets, and where the certificates to trust come from.

mod explain;
mod trust;

pub use explain::explain;
pub use trust::{BadCertificate, client_config};
