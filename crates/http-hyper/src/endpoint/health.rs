//! `GET /health`: is this process there and able to answer?

use crate::request::Request;
use crate::{App, Reply, response};

pub(crate) async fn get(_app: &App, _request: &Request) -> Reply {
    Ok(response::text("OK"))
}
