//! The HTTP front over in-memory ports, in process and over real sockets.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod appservices;
mod bodies;
mod browser;
mod client;
mod client_ip;
mod connections;
mod documents;
mod endpoint;
mod error;
mod head;
mod headers;
mod logs;
mod mails;
mod mounted;
mod overload;
mod pages;
mod routing;
mod server;
mod shutdown;
