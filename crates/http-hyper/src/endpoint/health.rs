//! `GET /health`: is this process there and able to answer?

use crate::app::{App, Reply};
use crate::request::Request;
use crate::response;

pub(crate) async fn get(_app: &App, _request: &Request) -> Reply {
    Ok(response::text("OK"))
}
