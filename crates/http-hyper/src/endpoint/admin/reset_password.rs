//! `POST /_synapse/admin/v1/reset_password/{userId}`

use crate::app::{App, Reply};
use crate::endpoint::admin::admin_and_user;
use crate::endpoint::admin::users::changes::{assigned_password, existing_logins};
use crate::error::FieldError;
use crate::request::Request;
use crate::response;

pub(crate) async fn post(app: &App, request: &Request) -> Reply {
    let (admin, user) = admin_and_user(app, request).await?;
    let body = request.json()?;
    let password = assigned_password(body, "new_password").required(FieldError::BadValue)?;
    let logins = existing_logins(body)?;
    let users = &app.services.user_admin;
    users
        .reset_password(&admin, &user, &password, logins)
        .await?;
    Ok(response::nothing())
}
