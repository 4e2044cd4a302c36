//! The HTTP front over in-memory ports, in process and over real sockets.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod bodies;
mod client_ip;
mod connections;
mod endpoints;
mod headers;
mod logs;
mod overload;
mod reading;
mod server;
mod shutdown;
