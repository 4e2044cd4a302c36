//! `GET /_matrix/client/v3/account/whoami`
//!
//! Spec: <https://spec.matrix.org/v1.16/client-server-api/#get_matrixclientv3accountwhoami>

use registrar_domain::model::account::AccountKind;
use registrar_domain::model::id::DeviceId;
use registrar_domain::usecase::token::authenticate::Audience;
use serde::Serialize;

use crate::app::{App, Reply};
use crate::request::Request;
use crate::response;

#[derive(Serialize)]
struct Body<'a> {
    user_id: String,
    is_guest: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    device_id: Option<&'a str>,
}

pub(crate) async fn get(app: &App, request: &Request) -> Reply {
    let requester = app.requester(request, Audience::Everyone).await?;
    Ok(response::ok(&Body {
        user_id: requester.user_id.to_string(),
        is_guest: requester.account.kind == AccountKind::Guest,
        device_id: requester.device_id.as_ref().map(DeviceId::as_str),
    }))
}
