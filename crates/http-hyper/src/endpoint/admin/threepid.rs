//! `GET /_synapse/admin/v1/threepid/{medium}/users/{address}`: whose is it?

use serde::Serialize;

use crate::app::{App, Reply};
use crate::request::Request;
use crate::response;

#[derive(Serialize)]
struct Body {
    user_id: String,
}

pub(crate) async fn get(app: &App, request: &Request) -> Reply {
    let admin = app.administrator(request).await?;
    let (medium, address) = (request.parameter("medium"), request.parameter("address"));
    let users = &app.services.user_admin;
    let owner = users.find_owner(&admin, medium, address).await?;
    Ok(response::ok(&Body {
        user_id: owner.to_string(),
    }))
}
