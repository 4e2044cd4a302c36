//! `POST /_synapse/admin/v1/deactivate/{userId}`

use registrar_domain::model::uia::ErasePolicy;
use serde::Serialize;

use crate::app::{App, Reply};
use crate::endpoint::admin::admin_and_user;
use crate::error::FieldError;
use crate::request::{Fields, Request, field};
use crate::response;

#[derive(Serialize)]
struct Body {
    id_server_unbind_result: &'static str,
}

pub(crate) async fn post(app: &App, request: &Request) -> Reply {
    let (admin, user) = admin_and_user(app, request).await?;
    let body = request.json_or_nothing()?;
    let erase = field(body, "erase", Fields::boolean).optional_not_null(FieldError::NotBoolean)?;
    let erase_policy = match erase {
        Some(true) => ErasePolicy::Erase,
        Some(false) | None => ErasePolicy::Keep,
    };
    let users = &app.services.user_admin;
    let threepids = users.deactivate(&admin, &user, erase_policy).await?;
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
