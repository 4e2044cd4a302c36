//! `GET` and `PUT /_synapse/admin/v1/users/{userId}/admin`

use serde::Serialize;

use crate::app::{App, Reply};
use crate::endpoint::admin::body_about;
use crate::request::Request;
use crate::response;

#[derive(Serialize)]
struct Body {
    admin: bool,
}

pub(crate) async fn get(app: &App, request: &Request) -> Reply {
    let admin = app.administrator(request).await?;
    let user_id = request.parameter("user_id");
    let is_admin = app.services.user_admin.is_admin(&admin, user_id).await?;
    Ok(response::ok(&Body { admin: is_admin }))
}

pub(crate) async fn put(app: &App, request: &Request) -> Reply {
    let admin = app.administrator(request).await?;
    let user_id = request.parameter("user_id");
    let body = body_about(app, &admin, user_id, request.json()).await?;
    let wanted = body.boolean("admin");
    let users = &app.services.user_admin;
    users.set_admin(&admin, user_id, &wanted).await?;
    Ok(response::nothing())
}
