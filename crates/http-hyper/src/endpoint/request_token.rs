//! `POST /_matrix/client/v3/…/requestToken`, for email addresses and phone numbers, whatever they are
//! wanted for
//!
//! Spec: <https://spec.matrix.org/v1.16/client-server-api/#post_matrixclientv3registeremailrequesttoken>

use http::StatusCode;
use registrar_domain::model::given::Given;
use registrar_domain::model::threepid::{Medium, Purpose};
use registrar_domain::model::verbatim::Verbatim;
use registrar_domain::ports::IdentityServerError;
use registrar_domain::usecase::threepid::request::{
    EmailParameters, MsisdnParameters, RequestTokenError, TokenRequested,
};
use registrar_domain::usecase::token::authenticate::Audience;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::app::{App, Reply};
use crate::error::ErrCode;
use crate::request::{Fields, Request};
use crate::response::{self, Response};

/// Where the code of a text message is handed in.
const SUBMIT_MSISDN: &str = "_matrix/client/unstable/add_threepid/msisdn/submit_token";

#[derive(Serialize)]
struct Body<'a> {
    sid: &'a str,
}

/// What identity servers say about a text message, as far as clients use it.
#[derive(Serialize)]
struct Texted<'a> {
    sid: &'a str,
    success: bool,
    msisdn: &'a str,
    intl_fmt: String,
    submit_url: String,
}

pub(crate) async fn email(app: &App, request: &Request, purpose: Purpose) -> Reply {
    let requests = app.services.token_requests.for_email(purpose)?;
    if requests.require_login() {
        app.requester(request, Audience::Users).await?;
    }
    let body = request.json()?;
    let parameters = EmailParameters {
        client_secret: body.string("client_secret"),
        email: body.string("email"),
        send_attempt: body.count("send_attempt"),
        next_link: body.string("next_link"),
        session: session(body),
    };
    let outcome = requests.request(request.context(), &parameters).await;
    encode(app, Medium::Email, outcome)
}

pub(crate) async fn msisdn(app: &App, request: &Request, purpose: Purpose) -> Reply {
    let requests = app.services.token_requests.for_msisdn(purpose)?;
    if requests.require_login() {
        app.requester(request, Audience::Users).await?;
    }
    let body = request.json()?;
    let parameters = MsisdnParameters {
        client_secret: body.string("client_secret"),
        country: body.string("country"),
        phone_number: body.string("phone_number"),
        send_attempt: body.count("send_attempt"),
        next_link: body.string("next_link"),
        session: session(body),
    };
    let outcome = requests.request(request.context(), &parameters).await;
    encode(app, Medium::Msisdn, outcome)
}

/// The UIA session that a client names, in a field of its own or as everywhere else.
fn session(body: Fields<'_>) -> Given<String> {
    match body.string("session") {
        Given::Absent | Given::Null => {
            let auth = body.object("auth", |auth| auth.string("session"));
            auth.value().cloned().unwrap_or(Given::Absent)
        }
        given => given,
    }
}

fn encode(app: &App, medium: Medium, outcome: Result<TokenRequested, RequestTokenError>) -> Reply {
    match outcome {
        Ok(TokenRequested::Here(sid)) => Ok(response::ok(&Body { sid: sid.as_str() })),
        Ok(TokenRequested::Texted { sid, number }) => Ok(response::ok(&Texted {
            sid: sid.as_str(),
            success: true,
            msisdn: &number,
            intl_fmt: format!("+{number}"),
            submit_url: submit_url(app),
        })),
        Ok(TokenRequested::Elsewhere(reply)) => {
            let mut object = object(reply.answer.text());
            if medium == Medium::Msisdn {
                // Whatever the identity server says: clients hand the code in here.
                object.insert("submit_url".to_owned(), Value::String(submit_url(app)));
            }
            Ok(response::ok(&object))
        }
        Err(RequestTokenError::IdentityServer(IdentityServerError::Refused(answer))) => {
            Ok(relay(&answer))
        }
        Err(error) => Err(error.into()),
    }
}

fn submit_url(app: &App) -> String {
    let base = &app.services.policy.threepids.public_baseurl;
    format!("{base}{SUBMIT_MSISDN}")
}

/// The identity server's refusal, as the client would have got it from there.
fn relay(answer: &Verbatim) -> Response {
    let status = StatusCode::from_u16(answer.code())
        .ok()
        .filter(|status| status.is_client_error() || status.is_server_error())
        .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    tracing::info!(
        http.status = status.as_u16(),
        "identity server refused the request"
    );
    let mut object = object(answer.text());
    if !object.get("errcode").is_some_and(Value::is_string) {
        let unknown = ErrCode::Unknown.as_str().to_owned();
        object.insert("errcode".to_owned(), Value::String(unknown));
    }
    if !object.get("error").is_some_and(Value::is_string) {
        let reason = status.canonical_reason().unwrap_or_default();
        object.insert("error".to_owned(), Value::String(reason.to_owned()));
    }
    response::json(status, &object)
}

fn object(text: &str) -> Map<String, Value> {
    crate::request::decode(text.as_bytes()).unwrap_or_default()
}
