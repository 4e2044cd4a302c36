//! The calls, one file each.

pub(crate) mod request_email_token;
pub(crate) mod request_msisdn_token;
pub(crate) mod submit_msisdn_token;
pub(crate) mod validated;

use registrar_domain::model::threepid::ValidationSessionId;
use registrar_domain::ports::IdentityServerError;
use registrar_domain::ports::identity_server::RequestTokenReply;
use serde_json::Value;

use crate::client::Answer;
use crate::error::BadAnswer;

/// Reads the response to either kind of token request.
fn request_token_reply(answer: Answer) -> Result<RequestTokenReply, IdentityServerError> {
    let (object, answer) = answer.success()?;
    let sid = object
        .get("sid")
        .and_then(Value::as_str)
        .ok_or(BadAnswer::Missing("sid"))?;
    Ok(RequestTokenReply {
        sid: ValidationSessionId::new(sid),
        answer,
    })
}
