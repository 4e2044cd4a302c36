//! `GET /3pid/getValidated3pid`
//!
//! Spec: <https://spec.matrix.org/v1.16/identity-service-api/#get_matrixidentityv23pidgetvalidated3pid>

use http::StatusCode;
use registrar_domain::model::threepid::{
    ClientSecret, EmailAddress, Medium, Threepid, ValidatedThreepid,
};
use registrar_domain::model::time::Timestamp;
use registrar_domain::ports::IdentityServerError;
use registrar_http_client::encode;
use serde_json::Value;

use crate::client::{Answer, Client};
use crate::error::BadAnswer;

/// Asks which address a validation session has proved. Anything but an explicit proof counts as none.
///
/// # Errors
/// [`IdentityServerError`], but never [`IdentityServerError::Refused`].
pub(crate) async fn call(
    client: &Client,
    sid: &str,
    client_secret: &ClientSecret,
) -> Result<Option<ValidatedThreepid>, IdentityServerError> {
    let sid = encode::component(sid);
    let secret = encode::component(client_secret.expose());
    let path = format!("/3pid/getValidated3pid?sid={sid}&client_secret={secret}");
    let answer = match client.get(&path).await {
        // A session ID that does not fit into a request was not issued by the server.
        Err(IdentityServerError::Unaskable(_)) => return Ok(None),
        answer => answer?,
    };
    if !answer.status().is_success() {
        report_refusal(&answer);
        return Ok(None);
    }
    let (object, _) = answer.success()?;
    // This server does not request proofs for other media.
    let Some(medium) = object
        .get("medium")
        .and_then(Value::as_str)
        .and_then(Medium::parse)
    else {
        return Ok(None);
    };
    let address = object.get("address").and_then(Value::as_str);
    let address = address.and_then(|address| canonical(medium, address));
    let validated_at = object.get("validated_at").and_then(Value::as_i64);
    Ok(Some(ValidatedThreepid {
        threepid: address.ok_or(BadAnswer::Missing("address"))?,
        validated: Timestamp::from_unix_ms(validated_at.ok_or(BadAnswer::Missing("validated_at"))?),
    }))
}

/// 400 and 404 mean that nothing is validated. Any other refusal is a problem that the user cannot
/// solve, and that is visible only here.
fn report_refusal(answer: &Answer) {
    let status = answer.status();
    if status != StatusCode::BAD_REQUEST && status != StatusCode::NOT_FOUND {
        tracing::warn!(
            http.status = status.as_u16(),
            "identity server refused to say whether an address is validated"
        );
    }
}

/// The address in this server's canonical form, which may differ from the identity server's.
fn canonical(medium: Medium, address: &str) -> Option<Threepid> {
    match medium {
        Medium::Email => EmailAddress::parse(address).ok().map(Threepid::from),
        Medium::Msisdn => {
            let digits = address.strip_prefix('+').unwrap_or(address);
            let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
            is_number.then(|| Threepid::from_canonical(medium, digits.to_owned()))
        }
    }
}
