//! `GET /_matrix/client/v3/profile/{userId}/displayname`
//!
//! The one field of a profile that registration sets. Spec:
//! <https://spec.matrix.org/v1.16/client-server-api/#get_matrixclientv3profileuseriddisplayname>

use registrar_domain::usecase::token::authenticate::Audience;
use serde::Serialize;

use crate::app::{App, Reply};
use crate::request::Request;
use crate::response;

#[derive(Serialize)]
struct Body {
    #[serde(skip_serializing_if = "Option::is_none")]
    displayname: Option<String>,
}

pub(crate) async fn display_name(app: &App, request: &Request) -> Reply {
    let profiles = &app.services.profiles;
    let requester = if profiles.requires_authentication() {
        Some(app.requester(request, Audience::Users).await?)
    } else {
        None
    };
    let user_id = request.parameter("user_id");
    let displayname = profiles.display_name(requester.as_ref(), user_id).await?;
    Ok(response::ok(&Body { displayname }))
}
