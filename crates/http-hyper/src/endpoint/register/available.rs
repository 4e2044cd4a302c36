//! `GET /_matrix/client/v3/register/available`
//!
//! Spec: <https://spec.matrix.org/v1.16/client-server-api/#get_matrixclientv3registeravailable>

use serde::Serialize;

use crate::app::{App, Reply};
use crate::request::Request;
use crate::response;

#[derive(Serialize)]
struct Body {
    available: bool,
}

pub(crate) async fn get(app: &App, request: &Request) -> Reply {
    let username = request.argument("username");
    app.services
        .availability
        .check(request.context(), &username)
        .await?;
    Ok(response::ok(&Body { available: true }))
}
