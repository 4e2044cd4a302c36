//! `GET /_matrix/client/v1/register/m.login.registration_token/validity`
//!
//! Spec: <https://spec.matrix.org/v1.16/client-server-api/#get_matrixclientv1registermloginregistration_tokenvalidity>

use serde::Serialize;

use crate::app::{App, Reply};
use crate::request::Request;
use crate::response;

#[derive(Serialize)]
struct Body {
    valid: bool,
}

pub(crate) async fn get(app: &App, request: &Request) -> Reply {
    let token = request.argument("token");
    let valid = app
        .services
        .token_validity
        .check(request.context(), &token)
        .await?;
    Ok(response::ok(&Body { valid }))
}
