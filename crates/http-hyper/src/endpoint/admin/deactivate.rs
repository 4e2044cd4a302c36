//! `POST /_synapse/admin/v1/deactivate/{userId}`

use serde::Serialize;

use crate::app::{App, Reply};
use crate::endpoint::admin::body_about;
use crate::request::Request;
use crate::response;

#[derive(Serialize)]
struct Body {
    id_server_unbind_result: &'static str,
}

pub(crate) async fn post(app: &App, request: &Request) -> Reply {
    let admin = app.administrator(request).await?;
    let user_id = request.parameter("user_id");
    let body = body_about(app, &admin, user_id, request.json_or_nothing()).await?;
    let erase = body.boolean("erase");
    let users = &app.services.user_admin;
    let threepids = users.deactivate(&admin, user_id, &erase).await?;
    // Nobody was asked to forget a binding that this server did not make.
    let id_server_unbind_result = if threepids.is_empty() {
        "success"
    } else {
        "no-support"
    };
    Ok(response::ok(&Body {
        id_server_unbind_result,
    }))
}
