//! The proof arrives: somebody opens the link in a mail, or types the code of a text message.
//!
//! See `docs/BEHAVIOR.md` §4.6, §5.

use std::sync::Arc;

use crate::model::given::Given;
use crate::model::secret::TokenDigest;
use crate::model::threepid::{
    ClientSecret, ClientSecretError, NextLink, Purpose, ValidationSession, ValidationSessionId,
    ValidationToken,
};
use crate::model::time::Timestamp;
use crate::ports::identity_server::SubmitTokenReply;
use crate::ports::{EmailValidation, IdentityServer, IdentityServerError, Intent, StoreError};
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
    /// The token has expired.
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

    /// A link of this server, with everything that such a link has; clients hear first what is
    /// missing.
    ///
    /// # Errors
    /// [`SubmitError`], but neither [`SubmitError::Link`] nor [`SubmitError::Store`].
    pub fn link<'a>(
        &'a self,
        purpose: Purpose,
        submitted: &'a Submitted,
    ) -> Result<Link<'a>, SubmitError> {
        if matches!(self.0.ports.email, EmailValidation::Off) {
            return Err(SubmitError::EmailNotSupported);
        }
        let claim = submitted.read().map_err(|error| match error {
            // The values of a link are strings; only one thing can be wrong with a string.
            SubmitError::MalformedField(name) => SubmitError::NotAscii(name),
            error => error,
        })?;
        Ok(Link {
            submission: self,
            purpose,
            claim,
        })
    }

    /// The server that codes of text messages are submitted to, if there is one. Clients are told
    /// so before anything else about a request is looked at.
    ///
    /// # Errors
    /// [`SubmitError::MsisdnNotSupported`].
    pub fn msisdn_codes(&self) -> Result<MsisdnCodes<'_>, SubmitError> {
        let server = self.0.ports.msisdn.as_deref();
        Ok(MsisdnCodes {
            shared: &self.0,
            server: server.ok_or(SubmitError::MsisdnNotSupported)?,
        })
    }
}

/// What a link in a mail carries, readable.
pub struct Link<'a> {
    submission: &'a TokenSubmission,
    purpose: Purpose,
    claim: Claim<'a>,
}

impl Link<'_> {
    /// Somebody opens the link: the address is theirs. Opening it again changes nothing.
    ///
    /// Where the browser goes next, if the client said so and it still may go there.
    ///
    /// # Errors
    /// [`SubmitError`].
    pub async fn confirm(&self) -> Result<Option<NextLink>, SubmitError> {
        let shared = self.shared();
        let (session, next) = self.find().await?;
        if session.validated.is_none() {
            let sid = &session.id;
            shared
                .retrying(|| async {
                    let mut uow = shared.ports.store.begin(Intent::Write).await?;
                    // A request at the same moment may have done it as well.
                    uow.validations().mark_validated(sid, shared.now()).await?;
                    uow.commit().await
                })
                .await?;
        }
        Ok(next)
    }

    /// What opening the link would do, without doing it.
    ///
    /// # Errors
    /// Those of [`confirm`](Self::confirm).
    pub async fn look(&self) -> Result<LinkState, SubmitError> {
        let (session, next) = self.find().await?;
        Ok(match session.validated {
            Some(_) => LinkState::Confirmed(next),
            None => LinkState::Unconfirmed(next),
        })
    }

    fn shared(&self) -> &Shared {
        &self.submission.0
    }

    async fn find(&self) -> Result<(ValidationSession, Option<NextLink>), SubmitError> {
        let (session, token) = self.look_up().await?;
        let (session, token) = self.decide(session, token)?;
        let hosts = self.shared().policy.threepids.next_link_hosts.as_deref();
        // The operator's list may have changed since the client asked.
        let next = token.next_link;
        let next = next.filter(|link| NextLink::parse(link.as_str(), hosts).is_ok());
        let next = next.map(|link| link.with_sid(&session.id));
        Ok((session, next))
    }

    async fn look_up(
        &self,
    ) -> Result<(Option<ValidationSession>, Option<ValidationToken>), StoreError> {
        let Some(sid) = ValidationSessionId::read(self.claim.sid) else {
            return Ok((None, None));
        };
        let mut uow = self.shared().ports.store.begin(Intent::Read).await?;
        let sessions = uow.validations();
        let session = sessions.find(&sid).await?;
        let token = sessions
            .find_token(&sid, &TokenDigest::of(self.claim.token))
            .await?;
        Ok((session, token))
    }

    /// The decision, in Synapse's order. With `request_token_inhibit_3pid_errors` nobody learns
    /// whether a session exists.
    fn decide(
        &self,
        session: Option<ValidationSession>,
        token: Option<ValidationToken>,
    ) -> Result<(ValidationSession, ValidationToken), LinkError> {
        let conceal = self.shared().policy.threepids.inhibit_errors;
        // A link of one endpoint means nothing to another: its reader was told something else.
        let session = session.filter(|session| session.purpose == self.purpose);
        let (session, token) = match (session, token) {
            (None, _) if !conceal => return Err(LinkError::UnknownSession),
            (None, _) | (_, None) => return Err(LinkError::UnknownToken),
            (Some(session), Some(token)) => (session, token),
        };
        if session.client_secret != self.claim.client_secret.digest() {
            return Err(LinkError::WrongSecret);
        }
        if session.validated.is_none() && has_expired(&token, self.shared().now()) {
            return Err(LinkError::Expired);
        }
        Ok((session, token))
    }
}

/// Codes of text messages, and the identity server that sent them.
pub struct MsisdnCodes<'a> {
    shared: &'a Shared,
    server: &'a dyn IdentityServer,
}

impl MsisdnCodes<'_> {
    /// Submits a code.
    ///
    /// # Errors
    /// [`SubmitError`]; with `request_token_inhibit_3pid_errors` the same for every code that is
    /// not accepted.
    pub async fn submit(&self, submitted: &Submitted) -> Result<SubmitTokenReply, SubmitError> {
        let claim = submitted.read()?;
        let sid = delegate_sid(self.shared, claim.sid, &claim.client_secret).await?;
        let reply = self
            .server
            .submit_msisdn_token(&sid, &claim.client_secret, claim.token)
            .await;
        let is_refused = match &reply {
            Ok(reply) => !reply.accepted,
            Err(error) => matches!(error, IdentityServerError::Refused(_)),
        };
        if self.shared.policy.threepids.inhibit_errors && is_refused {
            // Identity servers say in various ways what is wrong, and that would show which
            // sessions are pretended: they do not know those.
            return Err(SubmitError::CodeNotAccepted);
        }
        Ok(reply?)
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
    let missing = SubmitError::ParameterMissing(name);
    let text = given.present(missing, SubmitError::MalformedField(name))?;
    Ok(text)
}
