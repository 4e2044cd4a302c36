#![doc = include_str!("../README.md")]

mod app;
mod endpoint;
pub mod error;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
pub mod health;
mod layer;
pub mod monitor;
pub mod options;
pub mod pages;
mod request;
mod response;
mod router;
pub mod server;
mod stack;

use std::sync::Arc;

pub use app::App;
pub use health::{Condition, Health};
pub use monitor::Monitor;
pub use options::{ListenerOptions, Options, Resource};
pub use pages::{PageOptions, Pages};
pub use request::{Forwarding, Peer};
pub use response::Response;
pub use server::serve;
pub use stack::Service;

/// Builds the service of a listener: the endpoints of its resources behind all layers.
pub fn service(app: &Arc<App>, options: ListenerOptions) -> Service {
    stack::build(app, router::ROUTES, options)
}

/// The method and the path of every endpoint, with `{name}` for parameters. `GET` includes `HEAD`.
pub fn endpoints() -> Vec<(&'static str, String)> {
    let routes = router::ROUTES.iter();
    routes.flat_map(router::Route::endpoints).collect()
}

/// The names that requests are counted under, for a [`Monitor`] that needs to know them beforehand.
pub fn servlets() -> Vec<&'static str> {
    let mut servlets: Vec<_> = router::ROUTES.iter().map(router::Route::servlet).collect();
    servlets.extend([monitor::UNRECOGNIZED, monitor::OPTIONS]);
    servlets.sort_unstable();
    servlets.dedup();
    servlets
}
