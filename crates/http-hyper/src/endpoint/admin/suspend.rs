//! `PUT /_synapse/admin/v1/suspend/{userId}`

use std::collections::BTreeMap;

use crate::app::{App, Reply};
use crate::endpoint::admin::body_about;
use crate::request::Request;
use crate::response;

pub(crate) async fn put(app: &App, request: &Request) -> Reply {
    let admin = app.administrator(request).await?;
    let user_id = request.parameter("user_id");
    let body = body_about(app, &admin, user_id, request.json()).await?;
    let wanted = body.boolean("suspend");
    let users = &app.services.user_admin;
    let suspended = users.suspend(&admin, user_id, &wanted).await?;
    // Synapse names the user in the key.
    let key = format!("user_{user_id}_suspended");
    Ok(response::ok(&BTreeMap::from([(key, suspended)])))
}
