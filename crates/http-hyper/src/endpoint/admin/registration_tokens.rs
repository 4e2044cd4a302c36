//! `/_synapse/admin/v1/registration_tokens`, `/new` and `/{token}`: invitations.

use registrar_domain::model::registration_token::{
    RegistrationToken, RegistrationTokenId, RegistrationTokenLength,
};
use registrar_domain::model::time::Timestamp;
use registrar_domain::ports::store::Change;
use registrar_domain::usecase::registration_token::admin::{NewToken, TokenChanges, TokenFilter};
use serde::Serialize;

use crate::app::{App, Reply};
use crate::error::FieldError;
use crate::request::{Arguments, Fields, Request, field};
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
    let valid = field(request.arguments(), "valid", Arguments::boolean);
    let filter = match valid.optional(|_| FieldError::BadValidity)? {
        None => TokenFilter::All,
        Some(true) => TokenFilter::Valid,
        Some(false) => TokenFilter::Invalid,
    };
    let tokens = app.services.token_admin.list(&admin, filter).await?;
    let registration_tokens = tokens.iter().map(Body::from).collect();
    Ok(response::ok(&Tokens {
        registration_tokens,
    }))
}

pub(crate) async fn create(app: &App, request: &Request) -> Reply {
    let admin = app.administrator(request).await?;
    let body = request.json()?;
    let new = NewToken {
        id: field(body, "token", Fields::string)
            .parsed(|text| RegistrationTokenId::parse(&text).ok())
            .optional_not_null(|_| FieldError::BadToken)?,
        length: field(body, "length", Fields::integer)
            .parsed(length)
            .optional(|_| FieldError::BadLength)?
            .unwrap_or_default(),
        uses_allowed: uses_allowed(body)?.into_option().flatten(),
        expires: expires(body)?.into_option().flatten(),
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
        uses_allowed: uses_allowed(body)?,
        expires: expires(body)?,
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

fn length(chars: i64) -> Option<RegistrationTokenLength> {
    RegistrationTokenLength::new(usize::try_from(chars).ok()?).ok()
}

/// `uses_allowed`, at most 2³¹ − 1, as in Synapse's database.
fn uses_allowed(body: Fields<'_>) -> Result<Change<Option<u32>>, FieldError> {
    field(body, "uses_allowed", Fields::integer)
        .parsed(|uses| u32::try_from(i32::try_from(uses).ok()?).ok())
        .nullable(|_| FieldError::BadUsesAllowed)
}

/// `expiry_time`, Unix milliseconds.
fn expires(body: Fields<'_>) -> Result<Change<Option<Timestamp>>, FieldError> {
    let unix_ms = field(body, "expiry_time", Fields::integer);
    let unix_ms = unix_ms.nullable(|_| FieldError::BadExpiryTime)?;
    Ok(unix_ms.map(|unix_ms| unix_ms.map(Timestamp::from_unix_ms)))
}
