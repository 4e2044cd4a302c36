//! `POST /_synapse/admin/v1/users/{userId}/login`: an access token of somebody else.

use serde::Serialize;

use crate::app::{App, Reply};
use crate::endpoint::admin::body_about;
use crate::request::Request;
use crate::response;

#[derive(Serialize)]
struct Body<'a> {
    access_token: &'a str,
}

pub(crate) async fn post(app: &App, request: &Request) -> Reply {
    let admin = app.administrator(request).await?;
    let user_id = request.parameter("user_id");
    let body = body_about(app, &admin, user_id, request.json_or_nothing()).await?;
    let valid_until_ms = body.integer("valid_until_ms");
    let users = &app.services.user_admin;
    let access_token = users.log_in_as(&admin, user_id, &valid_until_ms).await?;
    Ok(response::ok(&Body {
        access_token: access_token.expose(),
    }))
}
