//! `GET /.well-known/matrix/client`
//!
//! Spec: <https://spec.matrix.org/v1.16/client-server-api/#getwell-knownmatrixclient>

use http::StatusCode;

use crate::app::{App, Reply};
use crate::error::{ErrCode, MatrixError};
use crate::request::Request;
use crate::response;

pub(crate) async fn get(app: &App, _request: &Request) -> Reply {
    let document = app.options.well_known_client.as_ref().ok_or_else(|| {
        MatrixError::new(
            StatusCode::NOT_FOUND,
            ErrCode::NotFound,
            "no discovery document is configured",
        )
    })?;
    Ok(response::ok(document))
}
