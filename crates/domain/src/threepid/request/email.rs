//! `POST …/email/requestToken`: by a mail of this server, or by an identity server.
//!
//! Reference §4.2, §4.7.

use super::{RequestTokenError, Suitability, TokenRequested, TokenRequests};
use crate::context::RequestContext;
use crate::core::EmailValidation;
use crate::given::Given;
use crate::ports::identity_server::EmailTokenRequest;
use crate::ports::mailer::MailContent;
use crate::ports::store::{Constraint, StoreErrorKind};
use crate::ports::{Intent, Mail, Mailer};
use crate::secret::{Secret, TokenDigest};
use crate::threepid::validation::generate_token;
use crate::threepid::{
    EmailAddress, Medium, Purpose, ValidationSession, ValidationSessionId, ValidationToken,
};

/// `POST …/email/requestToken`, as sent.
#[derive(Clone, Debug, Default)]
pub struct EmailWish {
    /// `client_secret`.
    pub client_secret: Given<String>,
    /// `email`.
    pub email: Given<String>,
    /// `send_attempt`.
    pub send_attempt: Given<i64>,
    /// `next_link`.
    pub next_link: Given<String>,
}

/// What the store says to a wish for a mail.
enum Opened {
    /// The mail of this attempt has gone out already.
    AlreadySent(ValidationSessionId),
    /// A token waits for its mail.
    MailDue(ValidationSessionId),
}

impl TokenRequests {
    /// Can this server, or somebody for it, validate email addresses for this purpose? Told before
    /// anything else about a request is looked at.
    ///
    /// # Errors
    /// [`RequestTokenError::EmailNotSupported`], [`RequestTokenError::RegistrationClosed`],
    /// [`RequestTokenError::ChangesForbidden`].
    pub fn check_email_supported(&self, purpose: Purpose) -> Result<(), RequestTokenError> {
        let core = &self.0;
        if matches!(core.ports.email, EmailValidation::Off) {
            return Err(RequestTokenError::EmailNotSupported);
        }
        match purpose {
            Purpose::Registration if !core.policy.registration.enabled => {
                Err(RequestTokenError::RegistrationClosed)
            }
            Purpose::Addition if !core.policy.threepids.changes_allowed => {
                Err(RequestTokenError::ChangesForbidden)
            }
            Purpose::Registration | Purpose::Addition | Purpose::PasswordReset => Ok(()),
        }
    }

    /// Asks whoever reads the mail of an address to open a link.
    ///
    /// # Errors
    /// [`RequestTokenError`]; nothing was stored.
    pub async fn request_email(
        &self,
        ctx: &RequestContext,
        purpose: Purpose,
        wish: &EmailWish,
    ) -> Result<TokenRequested, RequestTokenError> {
        self.check_email_supported(purpose)?;
        let request = Self::parse_email(wish);
        let mut request = request.map_err(|error| error.in_request_for(purpose))?;
        let threepid = request.email.clone().into();
        request.next_link = self.admit(ctx, purpose, &threepid, &wish.next_link).await?;
        let suitability = self.check_standing(&threepid, purpose).await?;
        match (&self.0.ports.email, suitability) {
            (EmailValidation::Off, _) => Err(RequestTokenError::EmailNotSupported),
            (EmailValidation::Local(mailer), Suitability::Concealed) => {
                if purpose == Purpose::Registration {
                    self.tell_owner(&**mailer, &request.email).await?;
                }
                Ok(self.pretend().await)
            }
            (EmailValidation::Delegated(_), Suitability::Concealed) => Ok(self.pretend().await),
            (EmailValidation::Local(mailer), Suitability::Suitable) => {
                let sid = self.send_link(&**mailer, purpose, &request).await?;
                self.announce(Medium::Email, purpose, request.send_attempt);
                Ok(TokenRequested::Here(sid))
            }
            (EmailValidation::Delegated(server), Suitability::Suitable) => {
                let reply = server.request_email_token(&request).await?;
                self.announce(Medium::Email, purpose, request.send_attempt);
                Ok(TokenRequested::Elsewhere(reply))
            }
        }
    }

    /// The request, as yet without the link.
    fn parse_email(wish: &EmailWish) -> Result<EmailTokenRequest, RequestTokenError> {
        Self::require(&[
            ("client_secret", wish.client_secret.is_present()),
            ("email", wish.email.is_present()),
            ("send_attempt", wish.send_attempt.is_present()),
        ])?;
        let client_secret = super::client_secret(&wish.client_secret)?;
        let email = wish.email.value();
        let email = email.ok_or(RequestTokenError::MalformedField("email"))?;
        Ok(EmailTokenRequest {
            client_secret,
            email: EmailAddress::parse(email)?,
            send_attempt: super::send_attempt(&wish.send_attempt)?,
            next_link: None,
        })
    }

    /// Sends the link, unless this attempt's mail has gone out before.
    ///
    /// The token is committed before its mail goes out, so that no link leads nowhere, and is taken
    /// back when it does not go out. The attempt counts once it has: a crash in between may repeat a
    /// mail and never loses one.
    async fn send_link(
        &self,
        mailer: &dyn Mailer,
        purpose: Purpose,
        request: &EmailTokenRequest,
    ) -> Result<ValidationSessionId, RequestTokenError> {
        let core = &self.0;
        let text = generate_token(core.entropy());
        let digest = TokenDigest::of(text.expose());
        let open = || self.open(purpose, request, digest);
        let sid = match core.retrying(open).await? {
            Opened::AlreadySent(sid) => return Ok(sid),
            Opened::MailDue(sid) => sid,
        };
        let link = self.link(purpose, &sid, request.client_secret.expose(), &text);
        let mail = Mail {
            to: request.email.clone(),
            content: content(purpose, link),
        };
        let outcome = mailer.send(&mail).await;
        core.retrying(|| async {
            let mut uow = core.ports.store.begin(Intent::Write).await?;
            let sessions = uow.validations();
            if outcome.is_ok() {
                let send_attempt = request.send_attempt;
                sessions.record_send_attempt(&sid, send_attempt).await?;
            } else {
                sessions.retract_token(&sid, &digest).await?;
            }
            uow.commit().await
        })
        .await?;
        outcome.map_err(RequestTokenError::Mail)?;
        Ok(sid)
    }

    /// Finds the client's session for the address or opens one, and adds the token to it.
    async fn open(
        &self,
        purpose: Purpose,
        request: &EmailTokenRequest,
        digest: TokenDigest,
    ) -> Result<Opened, RequestTokenError> {
        let core = &self.0;
        let threepid = request.email.clone().into();
        let client_secret = request.client_secret.digest();
        let mut uow = core.ports.store.begin(Intent::Write).await?;
        let sessions = uow.validations();
        let open = sessions
            .find_open(&threepid, purpose, &client_secret)
            .await?;
        let sid = match open {
            Some(session) if session.last_send_attempt >= Some(request.send_attempt) => {
                return Ok(Opened::AlreadySent(session.id));
            }
            Some(session) => session.id,
            None => {
                let session = ValidationSession {
                    id: ValidationSessionId::generate(core.entropy()),
                    threepid,
                    purpose,
                    client_secret,
                    last_send_attempt: None,
                    validated: None,
                };
                match sessions.add(&session).await {
                    // A concurrent request of the same client was faster: look again.
                    Err(error) if error.is_conflict(Constraint::ValidationSessionOpen) => {
                        return Err(RequestTokenError::Store(StoreErrorKind::Contended.into()));
                    }
                    outcome => outcome?,
                }
                session.id
            }
        };
        let token = ValidationToken {
            digest,
            next_link: request.next_link.clone(),
            expires: core
                .now()
                .after(core.policy.threepids.validation_token_lifetime),
        };
        match sessions.add_token(&sid, &token).await {
            // The session has ended in this moment: look again.
            Err(error) if error.is_conflict(Constraint::MissingReference) => {
                return Err(RequestTokenError::Store(StoreErrorKind::Contended.into()));
            }
            outcome => outcome?,
        }
        uow.commit().await?;
        Ok(Opened::MailDue(sid))
    }

    fn link(
        &self,
        purpose: Purpose,
        sid: &ValidationSessionId,
        client_secret: &str,
        token: &Secret<String>,
    ) -> String {
        let path = match purpose {
            Purpose::Registration => "_matrix/client/unstable/registration/email/submit_token",
            Purpose::Addition => "_matrix/client/unstable/add_threepid/email/submit_token",
            Purpose::PasswordReset => "_synapse/client/password_reset/email/submit_token",
        };
        // Of all that may be in these, only `=` has a meaning in a query.
        let client_secret = client_secret.replace('=', "%3D");
        format!(
            "{}{path}?token={}&client_secret={client_secret}&sid={}",
            self.0.policy.threepids.public_baseurl,
            token.expose(),
            sid.as_str()
        )
    }

    /// Tells the owner of an address that somebody wanted to register with it, since the client is not
    /// told.
    async fn tell_owner(
        &self,
        mailer: &dyn Mailer,
        email: &EmailAddress,
    ) -> Result<(), RequestTokenError> {
        let mail = Mail {
            to: email.clone(),
            content: MailContent::AlreadyInUse,
        };
        mailer.send(&mail).await.map_err(RequestTokenError::Mail)
    }
}

fn content(purpose: Purpose, link: String) -> MailContent {
    match purpose {
        Purpose::Registration => MailContent::ValidateRegistration { link },
        Purpose::Addition => MailContent::ValidateAddition { link },
        Purpose::PasswordReset => MailContent::ResetPassword { link },
    }
}
