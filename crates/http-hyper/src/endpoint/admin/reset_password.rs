//! `POST /_synapse/admin/v1/reset_password/{userId}`

use registrar_domain::usecase::admin::close::PasswordReset;

use crate::app::{App, Reply};
use crate::endpoint::admin::body_about;
use crate::request::Request;
use crate::response;

pub(crate) async fn post(app: &App, request: &Request) -> Reply {
    let admin = app.administrator(request).await?;
    let user_id = request.parameter("user_id");
    let body = body_about(app, &admin, user_id, request.json()).await?;
    let reset = PasswordReset {
        new_password: body.string("new_password"),
        logout_devices: body.boolean("logout_devices"),
    };
    let users = &app.services.user_admin;
    users.reset_password(&admin, user_id, &reset).await?;
    Ok(response::nothing())
}
