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
use crate::error::Nonsense;

/// Asks what a validation session has proved. Whatever else the server says, it vouches for nothing.
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
        // No server gives out a session ID that it could not be asked about.
        Err(IdentityServerError::Unaskable(_)) => return Ok(None),
        answer => answer?,
    };
    if !answer.status().is_success() {
        report_refusal(&answer);
        return Ok(None);
    }
    let (object, _) = answer.success()?;
    // A medium that this server does not know is none that it could ask for.
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
        threepid: address.ok_or(Nonsense::Lacks("address"))?,
        validated: Timestamp::from_unix_ms(validated_at.ok_or(Nonsense::Lacks("validated_at"))?),
    }))
}

/// 400 and 404 are the way to say that nothing is validated. Any other refusal means trouble that
/// the person at the client cannot mend, and only shows here.
fn report_refusal(answer: &Answer) {
    let status = answer.status();
    if status != StatusCode::BAD_REQUEST && status != StatusCode::NOT_FOUND {
        tracing::warn!(
            http.status = status.as_u16(),
            "the identity server does not say whether an identifier is validated"
        );
    }
}

/// The address in this server's canonical form, whatever the identity server thinks that is.
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
