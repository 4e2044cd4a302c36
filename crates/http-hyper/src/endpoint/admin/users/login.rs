//! `POST /_synapse/admin/v1/users/{userId}/login`: an access token of somebody else.

use registrar_domain::model::time::Timestamp;
use serde::Serialize;

use crate::app::{App, Reply};
use crate::endpoint::admin::admin_and_user;
use crate::error::FieldError;
use crate::request::{Fields, Request, field};
use crate::response;

#[derive(Serialize)]
struct Body<'a> {
    access_token: &'a str,
}

pub(crate) async fn post(app: &App, request: &Request) -> Reply {
    let (admin, user) = admin_and_user(app, request).await?;
    let body = request.json_or_nothing()?;
    let expires = field(body, "valid_until_ms", Fields::integer).optional(FieldError::BadValue)?;
    let expires = expires.map(Timestamp::from_unix_ms);
    let users = &app.services.user_admin;
    let access_token = users.log_in_as(&admin, &user, expires).await?;
    Ok(response::ok(&Body {
        access_token: access_token.expose(),
    }))
}
