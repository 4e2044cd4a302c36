//! `POST /_matrix/client/v3/account/deactivate`
//!
//! Spec: <https://spec.matrix.org/v1.16/client-server-api/#post_matrixclientv3accountdeactivate>

use registrar_domain::usecase::account::deactivate::own::{
    DeactivationOutcome, DeactivationRequest, Unbinding,
};
use registrar_domain::usecase::token::authenticate::Audience;

use crate::app::{App, Reply};
use crate::endpoint::auth;
use crate::request::Request;
use crate::response;

pub(crate) async fn post(app: &App, request: &Request) -> Reply {
    let body = request.json()?;
    let deactivation = &app.services.deactivation;
    let checked = deactivation.read(DeactivationRequest {
        operation: auth::operation(request),
        erase: body.boolean("erase"),
        id_server: body.string("id_server"),
        auth: auth::auth(body),
        has_other_fields: body.has_besides(&["auth"]),
    })?;
    let requester = app.requester(request, Audience::Users).await?;
    let outcome = deactivation
        .deactivate(request.context(), &requester, &checked)
        .await?;
    Ok(match outcome {
        DeactivationOutcome::AuthRequired(prompt) => auth::prompt(&prompt),
        DeactivationOutcome::DeactivatedByService => response::nothing(),
        DeactivationOutcome::Deactivated(unbinding) => super::unbound(match unbinding {
            Unbinding::Success => super::Unbinding::Success,
            Unbinding::NoSupport => super::Unbinding::NoSupport,
        }),
    })
}
