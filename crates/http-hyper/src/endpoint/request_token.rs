//! `POST /_matrix/client/v3/…/requestToken`, for email addresses and phone numbers, whatever they are
//! wanted for
//!
//! Spec: <https://spec.matrix.org/v1.16/client-server-api/#post_matrixclientv3registeremailrequesttoken>

use http::StatusCode;
use registrar_domain::ports::IdentityServerError;
use registrar_domain::threepid::Purpose;
use registrar_domain::threepid::request::{
    EmailWish, MsisdnWish, RequestTokenError, TokenRequested,
};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::app::{App, Reply};
use crate::error::ErrCode;
use crate::request::Request;
use crate::response::{self, Response};

/// Where the code of a text message is handed in.
const SUBMIT_MSISDN: &str = "_matrix/client/unstable/add_threepid/msisdn/submit_token";

#[derive(Serialize)]
struct Body<'a> {
    sid: &'a str,
}

pub(crate) async fn email(app: &App, request: &Request, purpose: Purpose) -> Reply {
    let requests = &app.services.token_requests;
    requests.check_email_supported(purpose)?;
    let body = request.json()?;
    let wish = EmailWish {
        client_secret: body.string("client_secret"),
        email: body.string("email"),
        send_attempt: body.count("send_attempt"),
        next_link: body.string("next_link"),
    };
    let outcome = requests
        .request_email(request.context(), purpose, &wish)
        .await;
    encode(outcome, |_| {})
}

pub(crate) async fn msisdn(app: &App, request: &Request, purpose: Purpose) -> Reply {
    let body = request.json()?;
    let wish = MsisdnWish {
        client_secret: body.string("client_secret"),
        country: body.string("country"),
        phone_number: body.string("phone_number"),
        send_attempt: body.count("send_attempt"),
        next_link: body.string("next_link"),
    };
    let requests = &app.services.token_requests;
    let outcome = requests
        .request_msisdn(request.context(), purpose, &wish)
        .await;
    // Whatever the identity server says: clients hand the code in here.
    let base = &app.services.policy.threepids.public_baseurl;
    encode(outcome, |reply| {
        let url = format!("{base}{SUBMIT_MSISDN}");
        reply.insert("submit_url".to_owned(), Value::String(url));
    })
}

/// Encodes the outcome. What an identity server says, `complete` may add to.
fn encode(
    outcome: Result<TokenRequested, RequestTokenError>,
    complete: impl FnOnce(&mut Map<String, Value>),
) -> Reply {
    match outcome {
        Ok(TokenRequested::Here(sid)) => Ok(response::ok(&Body { sid: sid.as_str() })),
        Ok(TokenRequested::Elsewhere(reply)) => {
            let mut object = object(&reply.body);
            complete(&mut object);
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
