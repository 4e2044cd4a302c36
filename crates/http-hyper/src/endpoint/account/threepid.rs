//! `/_matrix/client/v3/account/3pid` and what lies below
//!
//! Spec: <https://spec.matrix.org/v1.16/client-server-api/#adding-account-administrative-contact-information>

pub(crate) mod request_token;

use registrar_domain::model::given::Given;
use registrar_domain::model::threepid::AccountThreepid;
use registrar_domain::usecase::threepid::manage::{
    AddOutcome, AddRequest, BindRequest, NamedThreepid,
};
use registrar_domain::usecase::token::authenticate::Audience;
use registrar_domain::usecase::uia::auth::ThreepidCredentials;
use serde::Serialize;

use crate::app::{App, Reply};
use crate::endpoint::auth;
use crate::request::{Fields, Request};
use crate::response;

#[derive(Serialize)]
struct Body {
    threepids: Vec<Threepid>,
}

#[derive(Serialize)]
struct Threepid {
    medium: &'static str,
    address: String,
    /// Unix milliseconds, like the next one.
    validated_at: i64,
    added_at: i64,
}

impl From<&AccountThreepid> for Threepid {
    fn from(it: &AccountThreepid) -> Self {
        Self {
            medium: it.threepid.medium().as_str(),
            address: it.threepid.address().to_owned(),
            validated_at: it.validated.unix_ms(),
            added_at: it.added.unix_ms(),
        }
    }
}

/// `GET /account/3pid`
pub(crate) async fn get(app: &App, request: &Request) -> Reply {
    let requester = app.requester(request, Audience::Users).await?;
    let threepids = app.services.threepids.list(&requester).await?;
    Ok(response::ok(&Body {
        threepids: threepids.iter().map(Into::into).collect(),
    }))
}

/// `POST /account/3pid`
pub(crate) async fn post(app: &App, request: &Request) -> Reply {
    let changes = app.services.threepids.changes()?;
    let requester = app.requester(request, Audience::Users).await?;
    let body = request.json()?;
    // The older spelling comes first, as it always has.
    let credentials = match body.object("threePidCreds", credentials) {
        Given::Absent | Given::Null => body.object("three_pid_creds", credentials),
        given => given,
    };
    changes.add_at_once(&requester, &credentials).await?;
    Ok(response::nothing())
}

/// `POST /account/3pid/add`
pub(crate) async fn add(app: &App, request: &Request) -> Reply {
    let changes = app.services.threepids.changes()?;
    let requester = app.requester(request, Audience::Users).await?;
    let body = request.json()?;
    let add = AddRequest {
        operation: auth::operation(request),
        credentials: credentials(body),
        auth: auth::auth(body),
    };
    let outcome = changes.add(request.context(), &requester, &add).await?;
    Ok(match outcome {
        AddOutcome::Added => response::nothing(),
        AddOutcome::AuthRequired(prompt) => auth::prompt(&prompt),
    })
}

/// `POST /account/3pid/bind`
pub(crate) async fn bind(app: &App, request: &Request) -> Reply {
    app.requester(request, Audience::Users).await?;
    let body = request.json()?;
    app.services.threepids.bind(&BindRequest {
        credentials: credentials(body),
        id_server: body.string("id_server"),
        id_access_token: body.string("id_access_token"),
    })?;
    Ok(response::nothing())
}

/// `POST /account/3pid/unbind`
pub(crate) async fn unbind(app: &App, request: &Request) -> Reply {
    app.requester(request, Audience::Users).await?;
    app.services.threepids.unbind(&named(request.json()?))?;
    Ok(super::unbound(super::Unbinding::NoSupport))
}

/// `POST /account/3pid/delete`
pub(crate) async fn delete(app: &App, request: &Request) -> Reply {
    let changes = app.services.threepids.changes()?;
    let requester = app.requester(request, Audience::Users).await?;
    changes.remove(&requester, &named(request.json()?)).await?;
    Ok(super::unbound(super::Unbinding::NoSupport))
}

fn credentials(fields: Fields<'_>) -> ThreepidCredentials {
    ThreepidCredentials {
        client_secret: fields.string("client_secret"),
        sid: fields.text("sid"),
    }
}

fn named(body: Fields<'_>) -> NamedThreepid {
    NamedThreepid {
        medium: body.string("medium"),
        address: body.string("address"),
        id_server: body.string("id_server"),
    }
}
