//! `POST /validate/msisdn/requestToken`
//!
//! Spec: <https://spec.matrix.org/v1.16/identity-service-api/#post_matrixidentityv2validatemsisdnrequesttoken>

use registrar_domain::model::threepid::NextLink;
use registrar_domain::ports::IdentityServerError;
use registrar_domain::ports::identity_server::{MsisdnTokenRequest, RequestTokenReply};
use serde::Serialize;

use crate::client::Client;

/// The fields are in alphabetical order, for canonical JSON.
#[derive(Serialize)]
struct Body<'a> {
    client_secret: &'a str,
    country: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_link: Option<&'a str>,
    phone_number: &'a str,
    send_attempt: i64,
}

/// Requests a text message.
///
/// # Errors
/// [`IdentityServerError`].
pub(crate) async fn call(
    client: &Client,
    request: &MsisdnTokenRequest,
) -> Result<RequestTokenReply, IdentityServerError> {
    let body = Body {
        client_secret: request.client_secret.expose(),
        country: &request.country,
        next_link: request.next_link.as_ref().map(NextLink::as_str),
        phone_number: &request.phone_number,
        send_attempt: request.send_attempt,
    };
    super::request_token_reply(client.post("/validate/msisdn/requestToken", &body).await?)
}
