//! `/_synapse/admin/v1/registration_tokens`, `/new` and `/{token}`: invitations.

use registrar_domain::model::registration_token::RegistrationToken;
use registrar_domain::model::time::Timestamp;
use registrar_domain::usecase::registration_token::admin::{NewToken, TokenChanges};
use serde::Serialize;

use crate::app::{App, Reply};
use crate::request::Request;
use crate::response;

#[derive(Serialize)]
struct Tokens<'a> {
    registration_tokens: Vec<Body<'a>>,
}

#[derive(Serialize)]
struct Body<'a> {
    token: &'a str,
    uses_allowed: Option<u32>,
    pending: u32,
    completed: u32,
    expiry_time: Option<i64>,
}

impl<'a> From<&'a RegistrationToken> for Body<'a> {
    fn from(token: &'a RegistrationToken) -> Self {
        Self {
            token: token.id.expose(),
            uses_allowed: token.uses_allowed,
            pending: token.pending,
            completed: token.completed,
            expiry_time: token.expires.map(Timestamp::unix_ms),
        }
    }
}

pub(crate) async fn list(app: &App, request: &Request) -> Reply {
    let admin = app.administrator(request).await?;
    let valid = request.argument("valid");
    let tokens = app.services.token_admin.list(&admin, &valid).await?;
    let registration_tokens = tokens.iter().map(Body::from).collect();
    Ok(response::ok(&Tokens {
        registration_tokens,
    }))
}

pub(crate) async fn create(app: &App, request: &Request) -> Reply {
    let admin = app.administrator(request).await?;
    let body = request.json()?;
    let new = NewToken {
        token: body.string("token"),
        length: body.integer("length"),
        uses_allowed: body.integer("uses_allowed"),
        expiry_time: body.integer("expiry_time"),
    };
    let token = app.services.token_admin.create(&admin, &new).await?;
    Ok(response::ok(&Body::from(&token)))
}

pub(crate) async fn get(app: &App, request: &Request) -> Reply {
    let admin = app.administrator(request).await?;
    let token = app
        .services
        .token_admin
        .find(&admin, request.parameter("token"))
        .await?;
    Ok(response::ok(&Body::from(&token)))
}

pub(crate) async fn put(app: &App, request: &Request) -> Reply {
    let admin = app.administrator(request).await?;
    let body = request.json()?;
    let changes = TokenChanges {
        uses_allowed: body.integer("uses_allowed"),
        expiry_time: body.integer("expiry_time"),
    };
    let token = request.parameter("token");
    let token = app
        .services
        .token_admin
        .update(&admin, token, &changes)
        .await?;
    Ok(response::ok(&Body::from(&token)))
}

pub(crate) async fn delete(app: &App, request: &Request) -> Reply {
    let admin = app.administrator(request).await?;
    app.services
        .token_admin
        .remove(&admin, request.parameter("token"))
        .await?;
    Ok(response::nothing())
}
