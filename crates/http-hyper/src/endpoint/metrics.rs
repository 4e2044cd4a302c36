//! `GET /_synapse/metrics` and `/metrics`: numbers for Prometheus.
//!
//! See `docs/BEHAVIOR.md` §11.1.

use http::HeaderValue;
use http::header::CONTENT_TYPE;

use crate::app::{App, Reply};
use crate::error::MatrixError;
use crate::request::Request;
use crate::response;

const TEXT_FORMAT: HeaderValue =
    HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");

pub(crate) async fn get(app: &App, _request: &Request) -> Reply {
    let Some(monitor) = &app.options.monitor else {
        return Err(MatrixError::unrecognized());
    };
    let mut response = response::text(monitor.render());
    response.headers_mut().insert(CONTENT_TYPE, TEXT_FORMAT);
    Ok(response)
}
