//! `POST …/msisdn/requestToken`: by an identity server, since this one sends no text messages.
//!
//! Reference §4.9.

use super::{RequestTokenError, Suitability, TokenRequested, TokenRequests};
use crate::context::RequestContext;
use crate::given::Given;
use crate::ports::identity_server::MsisdnTokenRequest;
use crate::threepid::{Medium, PhoneNumber, PhoneNumberError, Purpose};

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
}

impl TokenRequests {
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
        if purpose == Purpose::Addition && !self.0.policy.threepids.changes_allowed {
            return Err(RequestTokenError::ChangesForbidden);
        }
        let parsed = Self::parse_msisdn(wish);
        let (mut request, number) = parsed.map_err(|error| error.in_request_for(purpose))?;
        let threepid = number.into();
        request.next_link = self.admit(ctx, purpose, &threepid, &wish.next_link).await?;
        match self.check_standing(&threepid, purpose).await? {
            Suitability::Concealed => Ok(self.pretend().await),
            Suitability::Suitable => {
                let server = self.0.ports.msisdn.as_ref();
                let server = server.ok_or(RequestTokenError::MsisdnNotSupported(purpose))?;
                let reply = server.request_msisdn_token(&request).await?;
                self.announce(Medium::Msisdn, purpose, request.send_attempt);
                Ok(TokenRequested::Elsewhere(reply))
            }
        }
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
