//! `GET` and `POST /_matrix/client/v3/login`
//!
//! Spec: <https://spec.matrix.org/v1.16/client-server-api/#post_matrixclientv3login>

use registrar_domain::usecase::login::{LoginFlow, LoginRequest};
use serde::Serialize;
use serde_json::Value;

use crate::app::{App, Reply};
use crate::endpoint::auth;
use crate::endpoint::tokens::Tokens;
use crate::request::Request;
use crate::response;

#[derive(Serialize)]
struct Flows {
    flows: Vec<Flow>,
}

#[derive(Serialize)]
struct Flow {
    #[serde(rename = "type")]
    login_type: &'static str,
}

#[derive(Serialize)]
struct LoggedIn<'a> {
    user_id: String,
    home_server: &'a str,
    device_id: &'a str,
    #[serde(flatten)]
    tokens: Tokens<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    well_known: Option<&'a Value>,
}

pub(crate) async fn get(app: &App, _request: &Request) -> Reply {
    let login_type = |flow| match flow {
        LoginFlow::Password => "m.login.password",
        LoginFlow::ApplicationService => "m.login.application_service",
    };
    let flows = app.services.login.flows().into_iter();
    let flows = flows
        .map(|flow| Flow {
            login_type: login_type(flow),
        })
        .collect();
    Ok(response::ok(&Flows { flows }))
}

pub(crate) async fn post(app: &App, request: &Request) -> Reply {
    let body = request.json()?;
    let login = LoginRequest {
        login_type: body.string("type"),
        identity: auth::identity(body),
        password: body.string("password"),
        device_id: body.string("device_id"),
        initial_device_display_name: body.string("initial_device_display_name"),
        refresh_token: body.boolean("refresh_token"),
    };
    let logged_in = app
        .services
        .login
        .log_in(request.context(), &request.bearer(), &login)
        .await?;
    Ok(response::ok(&LoggedIn {
        user_id: logged_in.user_id.to_string(),
        home_server: app.services.policy.server_name.as_str(),
        device_id: logged_in.tokens.device_id.as_str(),
        tokens: (&logged_in.tokens).into(),
        well_known: app.options.well_known_client.as_ref(),
    }))
}
