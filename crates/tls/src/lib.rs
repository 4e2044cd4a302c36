#![doc = include_str!("../README.md")]
//!
//! # Files
//!
//! | file | what it decides |
//! |---|---|
//! | `trust` | which certificates are accepted |
//! | `explain` | what a failed handshake means to an operator, and what to do |

mod explain;
mod trust;

pub use explain::explain;
pub use trust::{BadCertificate, client_config};
