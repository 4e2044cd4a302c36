//! `POST /_matrix/client/v3/register`
//!
//! Spec: <https://spec.matrix.org/v1.16/client-server-api/#post_matrixclientv3register>

pub(crate) mod available;
pub(crate) mod request_token;
pub(crate) mod token_validity;

use registrar_domain::usecase::registration::{
    RegisterOutcome, RegisterRequest, RegisteredAccount,
};
use serde::Serialize;

use crate::app::{App, Reply};
use crate::endpoint::auth;
use crate::endpoint::tokens::Tokens;
use crate::request::Request;
use crate::response::{self, Response};

#[derive(Serialize)]
struct Registered<'a> {
    user_id: String,
    home_server: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    device_id: Option<&'a str>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    tokens: Option<Tokens<'a>>,
}

pub(crate) async fn post(app: &App, request: &Request) -> Reply {
    let outcome = app
        .services
        .registration
        .register(request.context(), &decode(request)?)
        .await?;
    Ok(match outcome {
        RegisterOutcome::Registered(registered) => encode(app, &registered),
        RegisterOutcome::AuthRequired(prompt) => auth::prompt(&prompt),
    })
}

fn decode(request: &Request) -> Result<RegisterRequest, crate::error::MatrixError> {
    let body = request.json()?;
    Ok(RegisterRequest {
        kind: request.argument("kind"),
        bearer: request.bearer(),
        refresh_token: body.boolean("refresh_token"),
        username: body.string("username"),
        login_type: body.string("type"),
        password: body.string("password"),
        device_id: body.string("device_id"),
        initial_device_display_name: body.string("initial_device_display_name"),
        guest_access_token: body.string("guest_access_token"),
        inhibit_login: body.is_truthy("inhibit_login"),
        auth: auth::auth(body),
        has_other_fields: body.has_besides(&["auth", "password", "initial_device_display_name"]),
        operation: auth::operation(request),
    })
}

/// Encodes a registered account.
pub(crate) fn encode(app: &App, registered: &RegisteredAccount) -> Response {
    let tokens = registered.tokens.as_ref();
    response::ok(&Registered {
        user_id: registered.user_id.to_string(),
        home_server: app.services.policy.server_name.as_str(),
        device_id: tokens.map(|tokens| tokens.device_id.as_str()),
        tokens: tokens.map(Into::into),
    })
}
