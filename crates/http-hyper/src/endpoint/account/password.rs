//! `POST /_matrix/client/v3/account/password`
//!
//! Spec: <https://spec.matrix.org/v1.16/client-server-api/#post_matrixclientv3accountpassword>

pub(crate) mod request_token;

use registrar_domain::usecase::account::change_password::{
    ChangePasswordOutcome, ChangePasswordRequest,
};
use registrar_domain::usecase::token::authenticate::{Audience, Bearer};

use crate::app::{App, Reply};
use crate::endpoint::auth;
use crate::request::Request;
use crate::response;

pub(crate) async fn post(app: &App, request: &Request) -> Reply {
    let body = request.json()?;
    let change = &app.services.password_change;
    let checked = change.read(ChangePasswordRequest {
        operation: auth::operation(request),
        new_password: body.string("new_password"),
        logout_devices: body.boolean("logout_devices"),
        auth: auth::auth(body),
        has_other_fields: body.has_besides(&["auth", "new_password"]),
    })?;
    let requester = match request.bearer() {
        Bearer::Absent => None,
        Bearer::Malformed | Bearer::Token(_) => {
            Some(app.requester(request, Audience::Users).await?)
        }
    };
    let outcome = change
        .change(request.context(), requester.as_ref(), &checked)
        .await?;
    Ok(match outcome {
        ChangePasswordOutcome::Changed => response::nothing(),
        ChangePasswordOutcome::AuthRequired(prompt) => auth::prompt(&prompt),
    })
}
