//! `m.login.recaptcha`: the client's user has solved a captcha, says its provider.
//!
//! Spec: <https://spec.matrix.org/v1.16/client-server-api/#google-recaptcha>

use std::net::IpAddr;

use crate::model::given::Given;
use crate::model::uia::{StageFailure, StageResult};
use crate::ports::{CaptchaVerdict, CaptchaVerifier};
use crate::usecase::uia::gate_error::GateError;

/// The longest response that is passed on, in bytes. Those of the providers have a few thousand.
const MAX_RESPONSE_BYTES: usize = 16 * 1024;

/// Asks the provider. Slow, so it comes before the unit of work.
///
/// A response that cannot be one is refused without asking.
pub(crate) async fn examine(
    verifier: &dyn CaptchaVerifier,
    response: &Given<String>,
    client_ip: Option<IpAddr>,
) -> Result<Result<StageResult, StageFailure>, GateError> {
    let response = match response {
        Given::Absent => return Ok(Err(StageFailure::CaptchaMissing)),
        Given::Null | Given::Malformed => return Ok(Err(StageFailure::CaptchaRejected)),
        Given::Value(text) => text,
    };
    if response.is_empty() || response.len() > MAX_RESPONSE_BYTES {
        return Ok(Err(StageFailure::CaptchaRejected));
    }
    Ok(match verifier.verify(response, client_ip).await? {
        CaptchaVerdict::Human => Ok(StageResult::Passed),
        CaptchaVerdict::Rejected => Err(StageFailure::CaptchaRejected),
    })
}
