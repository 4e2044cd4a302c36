//! `GET` and `PUT /_synapse/admin/v1/users/{userId}/admin`

use registrar_domain::usecase::admin::close::AdminRights;
use serde::Serialize;

use crate::app::{App, Reply};
use crate::endpoint::admin::admin_and_user;
use crate::error::FieldError;
use crate::request::{Fields, Request, field};
use crate::response;

#[derive(Serialize)]
struct Body {
    admin: bool,
}

pub(crate) async fn get(app: &App, request: &Request) -> Reply {
    let (_, user) = admin_and_user(app, request).await?;
    Ok(response::ok(&Body {
        admin: user.account().admin,
    }))
}

pub(crate) async fn put(app: &App, request: &Request) -> Reply {
    let (admin, user) = admin_and_user(app, request).await?;
    let body = request.json()?;
    let granted = field(body, "admin", Fields::boolean).required(FieldError::NotBoolean)?;
    let rights = if granted {
        AdminRights::Granted
    } else {
        AdminRights::Revoked
    };
    let users = &app.services.user_admin;
    users.set_admin(&admin, &user, rights).await?;
    Ok(response::nothing())
}
