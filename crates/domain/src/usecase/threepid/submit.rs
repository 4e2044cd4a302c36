//! The proof arrives: somebody opens the link in a mail, or types the code of a text message.
//!
//! Reference §4.6, §5.

use std::sync::Arc;

use crate::model::given::Given;
use crate::model::secret::TokenDigest;
use crate::model::threepid::{
    ClientSecret, ClientSecretError, NextLink, Purpose, ValidationSession, ValidationSessionId,
    ValidationToken,
};
use crate::model::time::Timestamp;
use crate::ports::identity_server::SubmitTokenReply;
use crate::ports::{EmailValidation, IdentityServerError, Intent, StoreError};
use crate::usecase::proof::delegated::delegate_sid;
use crate::usecase::retry::MaybeStore;
use crate::usecase::shared::Shared;

/// The use-case.
#[derive(Clone)]
pub struct TokenSubmission(Arc<Shared>);

/// What comes back with a validation token.
#[derive(Clone, Debug, Default)]
pub struct Submitted {
    /// `sid`.
    pub sid: Given<String>,
    /// `client_secret`.
    pub client_secret: Given<String>,
    /// `token`.
    pub token: Given<String>,
}

/// A link that works, and where the browser goes next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkState {
    /// Nobody has opened it.
    Unconfirmed(Option<NextLink>),
    /// The address is confirmed, and perhaps its proof has been used.
    Confirmed(Option<NextLink>),
}

/// What a submission says, readable.
struct Claim<'a> {
    sid: &'a str,
    client_secret: ClientSecret,
    token: &'a str,
}

/// Why a token was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    /// Nobody validates email addresses here.
    #[error("email addresses cannot be validated on this server")]
    EmailNotSupported,
    /// Nobody validates phone numbers here.
    #[error("this server does not validate phone numbers")]
    MsisdnNotSupported,
    /// A parameter is missing.
    #[error("`{0}` is missing")]
    ParameterMissing(&'static str),
    /// A parameter of a link holds characters outside ASCII.
    #[error("`{0}` must be ASCII")]
    NotAscii(&'static str),
    /// A parameter cannot be read.
    #[error("`{0}` cannot be read")]
    MalformedField(&'static str),
    /// The client secret cannot be read.
    #[error(transparent)]
    ClientSecret(#[from] ClientSecretError),
    /// The link does not work; this is for the person who opened it.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// The code is not right, or belongs to no session.
    #[error("this code is not valid")]
    CodeNotAccepted,
    /// The identity server did not accept the token, or gave no usable answer.
    #[error(transparent)]
    IdentityServer(#[from] IdentityServerError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a link does not work. Its texts are read by people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// No such session, or no longer.
    #[error("This link is not known, or has expired")]
    UnknownSession,
    /// No such token, or no longer.
    #[error("This link is not valid, or has expired")]
    UnknownToken,
    /// The secret is another client's.
    #[error("This link is incomplete or has been changed")]
    WrongSecret,
    /// The token has had its time.
    #[error("This link has expired. Please ask for a new one")]
    Expired,
}

impl MaybeStore for SubmitError {
    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}

impl TokenSubmission {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self(shared)
    }

    /// Somebody opens the link in a mail: the address is theirs. Opening it again changes nothing.
    ///
    /// Where the browser goes next, if the client said so and it still may go there.
    ///
    /// # Errors
    /// [`SubmitError`].
    pub async fn submit_email(
        &self,
        purpose: Purpose,
        submitted: &Submitted,
    ) -> Result<Option<NextLink>, SubmitError> {
        let shared = &self.0;
        let (session, next) = self.find_link(purpose, submitted).await?;
        if session.validated.is_none() {
            let sid = &session.id;
            shared
                .retrying(|| async {
                    let mut uow = shared.ports.store.begin(Intent::Write).await?;
                    // Whoever opened the link at the same moment has done it just as well.
                    uow.validations().mark_validated(sid, shared.now()).await?;
                    uow.commit().await
                })
                .await?;
        }
        Ok(next)
    }

    /// What opening a link would do, without doing it.
    ///
    /// # Errors
    /// Those of [`submit_email`](Self::submit_email).
    pub async fn look_at_link(
        &self,
        purpose: Purpose,
        submitted: &Submitted,
    ) -> Result<LinkState, SubmitError> {
        let (session, next) = self.find_link(purpose, submitted).await?;
        Ok(match session.validated {
            Some(_) => LinkState::Confirmed(next),
            None => LinkState::Unconfirmed(next),
        })
    }

    async fn find_link(
        &self,
        purpose: Purpose,
        submitted: &Submitted,
    ) -> Result<(ValidationSession, Option<NextLink>), SubmitError> {
        let claim = self.read_link(submitted)?;
        let (session, token) = self.look_up(&claim).await?;
        let (session, token) = self.decide(purpose, &claim, session, token)?;
        let hosts = self.0.policy.threepids.next_link_hosts.as_deref();
        // The operator's list may have changed since the client asked.
        let next = token.next_link;
        let next = next.filter(|link| NextLink::parse(link.as_str(), hosts).is_ok());
        let next = next.map(|link| link.with_sid(&session.id));
        Ok((session, next))
    }

    /// Is everything there that a link of ours has? Without it there is nothing to look up.
    ///
    /// # Errors
    /// [`SubmitError`], but neither [`SubmitError::Link`] nor [`SubmitError::Store`].
    pub fn check_link(&self, submitted: &Submitted) -> Result<(), SubmitError> {
        self.read_link(submitted).map(|_| ())
    }

    fn read_link<'a>(&self, submitted: &'a Submitted) -> Result<Claim<'a>, SubmitError> {
        if matches!(self.0.ports.email, EmailValidation::Off) {
            return Err(SubmitError::EmailNotSupported);
        }
        submitted.read().map_err(|error| match error {
            // The values of a link are text; there is only one thing that can be wrong with text.
            SubmitError::MalformedField(name) => SubmitError::NotAscii(name),
            error => error,
        })
    }

    /// Hands the code of a text message to the identity server that sent it.
    ///
    /// # Errors
    /// [`SubmitError`]; with `request_token_inhibit_3pid_errors` the same for every code that is not
    /// accepted.
    pub async fn submit_msisdn(
        &self,
        submitted: &Submitted,
    ) -> Result<SubmitTokenReply, SubmitError> {
        let server = self.msisdn_server()?;
        let claim = submitted.read()?;
        let sid = delegate_sid(&self.0, claim.sid, &claim.client_secret).await?;
        let reply = server
            .submit_msisdn_token(&sid, &claim.client_secret, claim.token)
            .await;
        let is_refused = match &reply {
            Ok(reply) => !reply.accepted,
            Err(error) => matches!(error, IdentityServerError::Refused { .. }),
        };
        if self.0.policy.threepids.inhibit_errors && is_refused {
            // Identity servers say in various ways what is wrong, and that would show which sessions
            // are pretended: they do not know those.
            return Err(SubmitError::CodeNotAccepted);
        }
        Ok(reply?)
    }

    /// Can codes of text messages be handed in at all? Told before anything else about a request is
    /// looked at.
    ///
    /// # Errors
    /// [`SubmitError::MsisdnNotSupported`].
    pub fn check_msisdn_supported(&self) -> Result<(), SubmitError> {
        self.msisdn_server().map(|_| ())
    }

    fn msisdn_server(&self) -> Result<&Arc<dyn crate::ports::IdentityServer>, SubmitError> {
        let server = self.0.ports.msisdn.as_ref();
        server.ok_or(SubmitError::MsisdnNotSupported)
    }

    async fn look_up(
        &self,
        claim: &Claim<'_>,
    ) -> Result<(Option<ValidationSession>, Option<ValidationToken>), StoreError> {
        let Some(sid) = ValidationSessionId::read(claim.sid) else {
            return Ok((None, None));
        };
        let mut uow = self.0.ports.store.begin(Intent::Read).await?;
        let sessions = uow.validations();
        let session = sessions.find(&sid).await?;
        let token = sessions
            .find_token(&sid, &TokenDigest::of(claim.token))
            .await?;
        Ok((session, token))
    }

    /// The decision, in the reference's order. With `request_token_inhibit_3pid_errors` nobody learns
    /// whether a session exists.
    fn decide(
        &self,
        purpose: Purpose,
        claim: &Claim<'_>,
        session: Option<ValidationSession>,
        token: Option<ValidationToken>,
    ) -> Result<(ValidationSession, ValidationToken), LinkError> {
        let conceal = self.0.policy.threepids.inhibit_errors;
        // A link of one endpoint means nothing to another: its reader was told something else.
        let session = session.filter(|session| session.purpose == purpose);
        let (session, token) = match (session, token) {
            (None, _) if !conceal => return Err(LinkError::UnknownSession),
            (None, _) | (_, None) => return Err(LinkError::UnknownToken),
            (Some(session), Some(token)) => (session, token),
        };
        if session.client_secret != claim.client_secret.digest() {
            return Err(LinkError::WrongSecret);
        }
        if session.validated.is_none() && has_expired(&token, self.0.now()) {
            return Err(LinkError::Expired);
        }
        Ok((session, token))
    }
}

fn has_expired(token: &ValidationToken, now: Timestamp) -> bool {
    token.expires <= now
}

impl Submitted {
    fn read(&self) -> Result<Claim<'_>, SubmitError> {
        let sid = required(&self.sid, "sid")?;
        let client_secret = required(&self.client_secret, "client_secret")?;
        let client_secret = ClientSecret::parse(client_secret)?;
        let token = required(&self.token, "token")?;
        Ok(Claim {
            sid,
            client_secret,
            token,
        })
    }
}

fn required<'a>(given: &'a Given<String>, name: &'static str) -> Result<&'a str, SubmitError> {
    match given {
        Given::Absent => Err(SubmitError::ParameterMissing(name)),
        Given::Null | Given::Malformed => Err(SubmitError::MalformedField(name)),
        Given::Value(text) => Ok(text),
    }
}
