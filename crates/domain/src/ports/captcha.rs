//! The door to captcha providers.

use std::net::IpAddr;

use async_trait::async_trait;

/// Verifies captchas with their provider.
///
/// Spec: <https://spec.matrix.org/v1.16/client-server-api/#google-recaptcha>
#[async_trait]
pub trait CaptchaVerifier: Send + Sync {
    /// Verifies a client's response, for a client at this address if that is known. Not
    /// idempotent: providers accept a response once.
    ///
    /// # Errors
    /// [`CaptchaError`]; an error is never a pass.
    async fn verify(
        &self,
        response: &str,
        client_ip: Option<IpAddr>,
    ) -> Result<CaptchaVerdict, CaptchaError>;
}

/// What the provider thinks of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaptchaVerdict {
    /// The captcha was solved.
    Human,
    /// It was not, or the response is too old, or has been used before.
    Rejected,
}

/// Why the provider gave no verdict.
#[derive(Debug, thiserror::Error)]
pub enum CaptchaError {
    /// It did not answer in time.
    #[error("the captcha provider did not answer in time")]
    TimedOut,
    /// It could not be reached, or what it said makes no sense.
    #[error("the captcha provider could not be used")]
    Unusable(#[source] Box<dyn std::error::Error + Send + Sync>),
}
