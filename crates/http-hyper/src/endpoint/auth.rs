//! The `auth` object of a request, and the 401 that asks for more of it.
//!
//! Spec: <https://spec.matrix.org/v1.16/client-server-api/#user-interactive-api-in-the-rest-api>

use http::StatusCode;
use registrar_domain::model::given::Given;
use registrar_domain::model::uia::{OperationDigest, Stage};
use registrar_domain::usecase::credentials::identifier::{Identifier, IdentityClaim};
use registrar_domain::usecase::uia::auth::{Auth, Submission, ThreepidCredentials};
use registrar_domain::usecase::uia::prompt::{StageParams, UiaPrompt};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::error::ErrCode;
use crate::request::{Fields, Request};
use crate::response::{self, Response};

/// Decodes `auth`.
pub(crate) fn auth(body: Fields<'_>) -> Given<Auth> {
    body.object("auth", |auth| Auth {
        is_empty: auth.is_empty(),
        session: auth.string("session"),
        stage: auth.string("type"),
        submission: Submission {
            response: auth.string("response"),
            threepid_creds: auth.object("threepid_creds", |creds| ThreepidCredentials {
                client_secret: creds.string("client_secret"),
                sid: creds.text("sid"),
            }),
            token: auth.string("token"),
            password: auth.string("password"),
            identity: identity(auth),
        },
    })
}

/// The operation that a request's UIA session is bound to.
pub(crate) fn operation(request: &Request) -> OperationDigest {
    OperationDigest::of(request.method().as_str(), request.target())
}

/// Decodes who a request says that somebody is.
pub(crate) fn identity(fields: Fields<'_>) -> IdentityClaim {
    IdentityClaim {
        identifier: fields.object("identifier", |identifier| Identifier {
            id_type: identifier.string("type"),
            user: identifier.string("user"),
            medium: identifier.string("medium"),
            address: identifier.string("address"),
            country: identifier.string("country"),
            phone: identifier.string("phone"),
            number: identifier.string("number"),
        }),
        user: fields.string("user"),
        medium: fields.string("medium"),
        address: fields.string("address"),
    }
}

#[derive(Serialize)]
struct Prompt<'a> {
    session: &'a str,
    flows: Vec<Flow>,
    // Clients insist on the object, whether or not a stage has parameters.
    params: Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    completed: Option<Vec<&'static str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    errcode: Option<ErrCode>,
}

#[derive(Serialize)]
struct Flow {
    stages: Vec<&'static str>,
}

/// Encodes what the client must do next.
pub(crate) fn prompt(prompt: &UiaPrompt) -> Response {
    let names = |stages: &[Stage]| stages.iter().map(|stage| stage.as_str()).collect();
    let body = Prompt {
        session: prompt.session.as_str(),
        flows: prompt
            .flows
            .iter()
            .map(|flow| Flow {
                stages: names(flow.stages()),
            })
            .collect(),
        params: prompt.params.iter().map(params).collect(),
        completed: prompt.completed.as_deref().map(names),
        error: prompt.failure.map(|failure| failure.to_string()),
        errcode: prompt.failure.map(Into::into),
    };
    response::json(StatusCode::UNAUTHORIZED, &body)
}

/// What clients must know to attempt a stage: under its name.
fn params(params: &StageParams) -> (String, Value) {
    let (stage, value) = match params {
        StageParams::Recaptcha { public_key } => {
            (Stage::Recaptcha, json!({ "public_key": public_key }))
        }
        StageParams::Terms { version, name, url } => {
            let document = json!({ "version": version, "en": { "name": name, "url": url } });
            let policies = json!({ "policies": { "privacy_policy": document } });
            (Stage::Terms, policies)
        }
    };
    (stage.as_str().to_owned(), value)
}
