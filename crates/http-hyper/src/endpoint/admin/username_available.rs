//! `GET /_synapse/admin/v1/username_available`

use serde::Serialize;

use crate::app::{App, Reply};
use crate::request::Request;
use crate::response;

#[derive(Serialize)]
struct Body {
    available: bool,
}

pub(crate) async fn get(app: &App, request: &Request) -> Reply {
    let admin = app.administrator(request).await?;
    let username = request.argument("username");
    let availability = &app.services.availability;
    availability.check_for(&admin, &username).await?;
    Ok(response::ok(&Body { available: true }))
}
