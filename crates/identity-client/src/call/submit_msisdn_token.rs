//! `POST /validate/msisdn/submitToken`
//!
//! Spec: <https://spec.matrix.org/v1.16/identity-service-api/#post_matrixidentityv2validatemsisdnsubmittoken>

use registrar_domain::model::threepid::ClientSecret;
use registrar_domain::ports::IdentityServerError;
use registrar_domain::ports::identity_server::SubmitTokenReply;
use serde::Serialize;
use serde_json::Value;

use crate::client::Client;

/// The fields are in alphabetical order, for canonical JSON.
#[derive(Serialize)]
struct Body<'a> {
    client_secret: &'a str,
    sid: &'a str,
    token: &'a str,
}

/// Submits a token. A success status alone does not mean that the token is right: some servers respond
/// with 200 and `success: false`.
///
/// # Errors
/// [`IdentityServerError`].
pub(crate) async fn call(
    client: &Client,
    sid: &str,
    client_secret: &ClientSecret,
    token: &str,
) -> Result<SubmitTokenReply, IdentityServerError> {
    let body = Body {
        client_secret: client_secret.expose(),
        sid,
        token,
    };
    let answer = client.post("/validate/msisdn/submitToken", &body).await?;
    let (object, answer) = answer.success()?;
    let accepted = object.get("success").and_then(Value::as_bool) == Some(true);
    Ok(SubmitTokenReply { accepted, answer })
}
