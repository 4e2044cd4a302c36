//! The door to identity servers.

use async_trait::async_trait;

use crate::model::threepid::{
    ClientSecret, EmailAddress, NextLink, ValidatedThreepid, ValidationSessionId,
};
use crate::model::verbatim::Verbatim;

/// An identity server that validates third-party identifiers for this server.
///
/// Spec: <https://spec.matrix.org/v1.16/identity-service-api/#establishing-associations>
#[async_trait]
pub trait IdentityServer: Send + Sync {
    /// Which server it is: its base URL. The proofs of two servers are never the same.
    fn name(&self) -> &str;

    /// Asks it to send a validation token by mail. Repeating a `send_attempt` sends nothing new.
    ///
    /// # Errors
    /// [`IdentityServerError`].
    async fn request_email_token(
        &self,
        request: &EmailTokenRequest,
    ) -> Result<RequestTokenReply, IdentityServerError>;

    /// Asks it to send a validation token by text message.
    ///
    /// # Errors
    /// [`IdentityServerError`].
    async fn request_msisdn_token(
        &self,
        request: &MsisdnTokenRequest,
    ) -> Result<RequestTokenReply, IdentityServerError>;

    /// Hands it the token that a person received by text message. What a second call with the
    /// same token says is up to it.
    ///
    /// # Errors
    /// [`IdentityServerError`].
    async fn submit_msisdn_token(
        &self,
        sid: &str,
        client_secret: &ClientSecret,
        token: &str,
    ) -> Result<SubmitTokenReply, IdentityServerError>;

    /// What a validation session has proved, or `None` while it has not.
    ///
    /// # Errors
    /// [`IdentityServerError`], never for a session that is unknown or not yet validated.
    async fn validated(
        &self,
        sid: &str,
        client_secret: &ClientSecret,
    ) -> Result<Option<ValidatedThreepid>, IdentityServerError>;
}

/// A request for a validation token by mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmailTokenRequest {
    /// The client's secret for this validation.
    pub client_secret: ClientSecret,
    /// The address.
    pub email: EmailAddress,
    /// Counts the client's requests for a mail; only a higher number sends another.
    pub send_attempt: i64,
    /// Where the browser goes after the click.
    pub next_link: Option<NextLink>,
}

/// A request for a validation token by text message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MsisdnTokenRequest {
    /// The client's secret for this validation.
    pub client_secret: ClientSecret,
    /// The country as the client wrote it.
    pub country: String,
    /// The number as the client wrote it.
    pub phone_number: String,
    /// Counts the client's requests for a message; only a higher number sends another.
    pub send_attempt: i64,
    /// Where the browser goes after the token was accepted.
    pub next_link: Option<NextLink>,
}

/// The identity server's answer to a token request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestTokenReply {
    /// Its validation session.
    pub sid: ValidationSessionId,
    /// Its whole answer, which the client receives.
    pub answer: Verbatim,
}

/// The identity server's answer to a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubmitTokenReply {
    /// Does it accept the token? Some identity servers answer with success and say no.
    pub accepted: bool,
    /// Its whole answer, which the client receives.
    pub answer: Verbatim,
}

/// Why the identity server gave no usable answer.
#[derive(Debug, thiserror::Error)]
pub enum IdentityServerError {
    /// It did not answer in time.
    #[error("the identity server did not answer in time")]
    TimedOut,
    /// It refused with an error of its own.
    #[error("the identity server refused with code {}", .0.code())]
    Refused(Verbatim),
    /// It cannot be asked, because of what the client sent: the request would be too long.
    #[error("the identity server cannot be asked about this request")]
    Unaskable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It could not be reached, or what it said makes no sense.
    #[error("the identity server could not be used")]
    Unusable(#[source] Box<dyn std::error::Error + Send + Sync>),
}
