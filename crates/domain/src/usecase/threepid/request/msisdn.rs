//! `POST …/msisdn/requestToken`: by an identity server, since this one sends no text messages.
//!
//! See `docs/BEHAVIOR.md` §4.9.

use super::delegated::Delegated;
use super::stages::Source;
use super::{RequestTokenError, TokenRequested, TokenRequests};
use crate::model::context::RequestContext;
use crate::model::given::Given;
use crate::model::threepid::{PhoneNumber, PhoneNumberError, Purpose};
use crate::ports::identity_server::MsisdnTokenRequest;

/// `POST …/msisdn/requestToken`, as sent.
#[derive(Clone, Debug, Default)]
pub struct MsisdnParameters {
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

impl MsisdnParameters {
    fn source(&self) -> Source<'_> {
        Source {
            session: &self.session,
            next_link: &self.next_link,
        }
    }
}

/// Requests for text messages, for one purpose.
#[derive(Clone, Copy)]
pub struct MsisdnRequests<'a> {
    requests: &'a TokenRequests,
    purpose: Purpose,
}

impl TokenRequests {
    /// Requests for text messages for this purpose, if phone numbers may be validated for it.
    /// Clients are told so before anything else about a request is looked at.
    ///
    /// # Errors
    /// [`RequestTokenError::RegistrationClosed`], [`RequestTokenError::ChangesForbidden`].
    pub fn for_msisdn(&self, purpose: Purpose) -> Result<MsisdnRequests<'_>, RequestTokenError> {
        self.check_purpose(purpose)?;
        Ok(MsisdnRequests {
            requests: self,
            purpose,
        })
    }
}

impl MsisdnRequests<'_> {
    /// Must the client be signed in?
    pub fn require_login(&self) -> bool {
        self.requests.is_login_required(self.purpose)
    }

    /// Asks the owner of a phone number to enter the code that they were sent.
    ///
    /// Whether phone numbers are supported at all is told last, as Synapse does.
    ///
    /// # Errors
    /// [`RequestTokenError`].
    pub async fn request(
        &self,
        ctx: &RequestContext,
        parameters: &MsisdnParameters,
    ) -> Result<TokenRequested, RequestTokenError> {
        let Self { requests, purpose } = *self;
        let parsed = TokenRequests::parse_msisdn(parameters);
        let (mut request, number) = parsed.map_err(|error| error.in_request_for(purpose))?;
        let threepid = number.into();
        request.next_link = requests
            .admit(ctx, purpose, &threepid, &parameters.source())
            .await?;
        let server = requests.0.ports.msisdn.as_ref();
        let server = server.ok_or(RequestTokenError::MsisdnNotSupported(purpose));
        let request = Delegated::Msisdn(request);
        if requests.0.policy.threepids.inhibit_errors {
            return requests
                .delegate_covertly(server?, purpose, threepid, request)
                .await;
        }
        requests.check_availability(&threepid, purpose).await?;
        let reply = requests.delegate(server?, purpose, threepid, request);
        Ok(TokenRequested::Elsewhere(reply.await?))
    }
}

impl TokenRequests {
    /// The request, with country and number as the client wrote them, and the number as it is
    /// counted and stored; as yet without the link.
    fn parse_msisdn(
        parameters: &MsisdnParameters,
    ) -> Result<(MsisdnTokenRequest, PhoneNumber), RequestTokenError> {
        Self::require(&[
            ("client_secret", parameters.client_secret.is_present()),
            ("country", parameters.country.is_present()),
            ("phone_number", parameters.phone_number.is_present()),
            ("send_attempt", parameters.send_attempt.is_present()),
        ])?;
        let client_secret = super::client_secret(&parameters.client_secret)?;
        let country = parameters
            .country
            .optional(RequestTokenError::MalformedField("country"))?;
        let country = country.cloned().unwrap_or_default();
        let written = parameters
            .phone_number
            .optional(RequestTokenError::MalformedField("phone_number"))?;
        let written = written.ok_or(PhoneNumberError)?;
        let number = PhoneNumber::parse(&country, written)?;
        let request = MsisdnTokenRequest {
            client_secret,
            country,
            phone_number: written.clone(),
            send_attempt: super::send_attempt(&parameters.send_attempt)?,
            next_link: None,
        };
        Ok((request, number))
    }
}
