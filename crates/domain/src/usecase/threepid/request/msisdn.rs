//! `POST …/msisdn/requestToken`: by an identity server, since this one sends no text messages.
//!
//! Reference §4.9.

use super::covert::Delegated;
use super::stages::Source;
use super::{RequestTokenError, TokenRequested, TokenRequests};
use crate::model::context::RequestContext;
use crate::model::given::Given;
use crate::model::threepid::{PhoneNumber, PhoneNumberError, Purpose};
use crate::ports::identity_server::MsisdnTokenRequest;

/// `POST …/msisdn/requestToken`, as sent.
#[derive(Clone, Debug, Default)]
pub struct MsisdnWish {
    /// `client_secret`.
    pub client_secret: Given<String>,
    /// `country`: an ISO 3166-1 code; does not matter for numbers written internationally.
    pub country: Given<String>,
    /// `phone_number`.
    pub phone_number: Given<String>,
    /// `send_attempt`.
    pub send_attempt: Given<i64>,
    /// `next_link`.
    pub next_link: Given<String>,
    /// `session`, or that of `auth`: the UIA session that the request belongs to.
    pub session: Given<String>,
}

impl MsisdnWish {
    fn source(&self) -> Source<'_> {
        Source {
            session: &self.session,
            next_link: &self.next_link,
        }
    }
}

impl TokenRequests {
    /// May phone numbers be validated for this purpose? Told before anything else about a request is
    /// looked at.
    ///
    /// # Errors
    /// [`RequestTokenError::RegistrationClosed`], [`RequestTokenError::ChangesForbidden`].
    pub fn check_msisdn_allowed(&self, purpose: Purpose) -> Result<(), RequestTokenError> {
        self.check_purpose(purpose)
    }

    /// Asks whoever has a phone number to say what they were sent.
    ///
    /// Whether phone numbers are supported at all is told last, as the reference does.
    ///
    /// # Errors
    /// [`RequestTokenError`].
    pub async fn request_msisdn(
        &self,
        ctx: &RequestContext,
        purpose: Purpose,
        wish: &MsisdnWish,
    ) -> Result<TokenRequested, RequestTokenError> {
        self.check_msisdn_allowed(purpose)?;
        let parsed = Self::parse_msisdn(wish);
        let (mut request, number) = parsed.map_err(|error| error.in_request_for(purpose))?;
        let threepid = number.into();
        request.next_link = self.admit(ctx, purpose, &threepid, &wish.source()).await?;
        let server = self.0.ports.msisdn.as_ref();
        let server = server.ok_or(RequestTokenError::MsisdnNotSupported(purpose));
        let request = Delegated::Msisdn(request);
        if self.0.policy.threepids.inhibit_errors {
            return self
                .delegate_covertly(server?, purpose, threepid, request)
                .await;
        }
        self.check_standing(&threepid, purpose).await?;
        let reply = self.delegate(server?, purpose, threepid, request).await?;
        Ok(TokenRequested::Elsewhere(reply))
    }

    /// The request, with country and number as the client wrote them, and the number as it is counted
    /// and stored; as yet without the link.
    fn parse_msisdn(
        wish: &MsisdnWish,
    ) -> Result<(MsisdnTokenRequest, PhoneNumber), RequestTokenError> {
        Self::require(&[
            ("client_secret", wish.client_secret.is_present()),
            ("country", wish.country.is_present()),
            ("phone_number", wish.phone_number.is_present()),
            ("send_attempt", wish.send_attempt.is_present()),
        ])?;
        let client_secret = super::client_secret(&wish.client_secret)?;
        let country = wish.country.optional();
        let country = country.map_err(|_| RequestTokenError::MalformedField("country"))?;
        let country = country.cloned().unwrap_or_default();
        let written = wish.phone_number.optional();
        let written = written.map_err(|_| RequestTokenError::MalformedField("phone_number"))?;
        let written = written.ok_or(PhoneNumberError)?;
        let number = PhoneNumber::parse(&country, written)?;
        let request = MsisdnTokenRequest {
            client_secret,
            country,
            phone_number: written.clone(),
            send_attempt: super::send_attempt(&wish.send_attempt)?,
            next_link: None,
        };
        Ok((request, number))
    }
}
