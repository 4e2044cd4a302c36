//! `POST /_matrix/client/v3/…/requestToken`, for email addresses and phone numbers, whatever they are
//! wanted for
//!
//! Spec: <https://spec.matrix.org/v1.16/client-server-api/#post_matrixclientv3registeremailrequesttoken>

use http::StatusCode;
use registrar_domain::model::given::Given;
use registrar_domain::model::threepid::{Medium, Purpose};
use registrar_domain::ports::IdentityServerError;
use registrar_domain::usecase::threepid::request::{
    EmailWish, MsisdnWish, RequestTokenError, TokenRequested,
};
use registrar_domain::usecase::token::authenticate::Audience;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::app::{App, Reply};
use crate::error::{ErrCode, MatrixError};
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
    let requests = &app.services.token_requests;
    requests.check_email_supported(purpose)?;
    check_login(app, request, purpose).await?;
    let body = request.json()?;
    let wish = EmailWish {
        client_secret: body.string("client_secret"),
        email: body.string("email"),
        send_attempt: body.count("send_attempt"),
        next_link: body.string("next_link"),
        session: session(body),
    };
    let outcome = requests
        .request_email(request.context(), purpose, &wish)
        .await;
    encode(app, Medium::Email, outcome)
}

pub(crate) async fn msisdn(app: &App, request: &Request, purpose: Purpose) -> Reply {
    let requests = &app.services.token_requests;
    requests.check_msisdn_allowed(purpose)?;
    check_login(app, request, purpose).await?;
    let body = request.json()?;
    let wish = MsisdnWish {
        client_secret: body.string("client_secret"),
        country: body.string("country"),
        phone_number: body.string("phone_number"),
        send_attempt: body.count("send_attempt"),
        next_link: body.string("next_link"),
        session: session(body),
    };
    let outcome = requests
        .request_msisdn(request.context(), purpose, &wish)
        .await;
    encode(app, Medium::Msisdn, outcome)
}

async fn check_login(app: &App, request: &Request, purpose: Purpose) -> Result<(), MatrixError> {
    if app.services.token_requests.is_login_required(purpose) {
        app.requester(request, Audience::Users).await?;
    }
    Ok(())
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
            let mut object = object(&reply.body);
            if medium == Medium::Msisdn {
                // Whatever the identity server says: clients hand the code in here.
                object.insert("submit_url".to_owned(), Value::String(submit_url(app)));
            }
            Ok(response::ok(&object))
        }
        Err(RequestTokenError::IdentityServer(IdentityServerError::Refused {
            status,
            errcode,
            body,
        })) => Ok(relay(status, errcode, body.as_deref())),
        Err(error) => Err(error.into()),
    }
}

fn submit_url(app: &App) -> String {
    let base = &app.services.policy.threepids.public_baseurl;
    format!("{base}{SUBMIT_MSISDN}")
}

/// The identity server's refusal, as the client would have got it from there.
fn relay(status: u16, errcode: Option<String>, body: Option<&str>) -> Response {
    let status = StatusCode::from_u16(status)
        .ok()
        .filter(|status| status.is_client_error() || status.is_server_error())
        .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    tracing::info!(http.status = status.as_u16(), "the identity server refused");
    let mut object = body.map(object).unwrap_or_default();
    let errcode = errcode.unwrap_or_else(|| ErrCode::Unknown.as_str().to_owned());
    object.insert("errcode".to_owned(), Value::String(errcode));
    if !object.get("error").is_some_and(Value::is_string) {
        let reason = status.canonical_reason().unwrap_or_default();
        object.insert("error".to_owned(), Value::String(reason.to_owned()));
    }
    response::json(status, &object)
}

fn object(text: &str) -> Map<String, Value> {
    crate::request::decode(text.as_bytes()).unwrap_or_default()
}
