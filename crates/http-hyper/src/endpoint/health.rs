//! `GET /health`: is this process there, and of use without a restart? As in Synapse, it says nothing
//! of the database, since a restart does not bring a database back.
//!
//! `GET /ready`: can it serve requests now? Synapse has no such endpoint.

use crate::app::{App, Reply};
use crate::health::Condition;
use crate::request::Request;
use crate::response;

pub(crate) async fn get(app: &App, _request: &Request) -> Reply {
    Ok(match condition(app) {
        Condition::Ready | Condition::Unready => response::text("OK"),
        Condition::Broken => response::unavailable("database files were lost, restart the server"),
    })
}

pub(crate) async fn ready(app: &App, _request: &Request) -> Reply {
    Ok(match condition(app) {
        Condition::Ready => response::text("OK"),
        Condition::Unready => response::unavailable("database does not respond"),
        Condition::Broken => response::unavailable("database files were lost, restart the server"),
    })
}

fn condition(app: &App) -> Condition {
    let health = app.options.health.as_ref();
    health.map_or(Condition::Ready, |health| health.condition())
}
