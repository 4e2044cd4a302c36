//! `GET` and `POST /_synapse/admin/v1/register`: registration by shared secret.

use registrar_domain::usecase::registration::shared_secret::SharedSecretRequest;
use serde::Serialize;

use crate::app::{App, Reply};
use crate::endpoint::register;
use crate::request::Request;
use crate::response;

#[derive(Serialize)]
struct Nonce {
    nonce: String,
}

pub(crate) async fn get(app: &App, _request: &Request) -> Reply {
    let nonce = app.services.shared_secret.nonce();
    Ok(response::ok(&Nonce { nonce }))
}

pub(crate) async fn post(app: &App, request: &Request) -> Reply {
    let body = request.json()?;
    let order = SharedSecretRequest {
        nonce: body.string("nonce"),
        username: body.string("username"),
        password: body.string("password"),
        admin: body.is_truthy("admin"),
        user_type: body.string("user_type"),
        mac: body.string("mac"),
        display_name: body.string("displayname"),
        device_id: body.string("device_id"),
        initial_device_display_name: body.string("initial_device_display_name"),
        inhibit_login: body.is_truthy("inhibit_login"),
        refresh_token: body.boolean("refresh_token"),
    };
    let registered = app
        .services
        .shared_secret
        .register(request.context(), &order)
        .await?;
    Ok(register::encode(app, &registered))
}
