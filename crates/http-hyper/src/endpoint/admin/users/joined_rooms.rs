//! `GET /_synapse/admin/v1/users/{userId}/joined_rooms`: none, since rooms are the homeserver's.
//!
//! `synadm` asks for them before it deactivates somebody, and goes no further without an answer.

use serde::Serialize;

use crate::app::{App, Reply};
use crate::endpoint::admin::admin_and_user;
use crate::request::Request;
use crate::response;

#[derive(Serialize)]
struct Body {
    joined_rooms: [(); 0],
    total: u32,
}

pub(crate) async fn get(app: &App, request: &Request) -> Reply {
    admin_and_user(app, request).await?;
    Ok(response::ok(&Body {
        joined_rooms: [],
        total: 0,
    }))
}
