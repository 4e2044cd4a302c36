//! The numbers, as Prometheus reads them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod document;
mod events;
mod exposition;
mod http;
mod numbers;
mod watched;
