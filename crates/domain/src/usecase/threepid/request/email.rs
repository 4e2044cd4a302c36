//! `POST …/email/requestToken`: by a mail of this server, or by an identity server.
//!
//! See `docs/BEHAVIOR.md` §4.2, §4.7.

use std::sync::Arc;

use super::delegated::Delegated;
use super::mail;
use super::opening::Opened;
use super::stages::Source;
use super::{RequestTokenError, TokenRequested, TokenRequests};
use crate::model::context::RequestContext;
use crate::model::given::Given;
use crate::model::secret::TokenDigest;
use crate::model::threepid::{EmailAddress, Medium, Purpose, ValidationSessionId, generate_token};
use crate::ports::identity_server::EmailTokenRequest;
use crate::ports::{EmailValidation, IdentityServer, Intent, Mail, Mailer};

/// `POST …/email/requestToken`, as sent.
#[derive(Clone, Debug, Default)]
pub struct EmailParameters {
    /// `client_secret`.
    pub client_secret: Given<String>,
    /// `email`.
    pub email: Given<String>,
    /// `send_attempt`.
    pub send_attempt: Given<i64>,
    /// `next_link`.
    pub next_link: Given<String>,
    /// `session`, or that of `auth`: the UIA session that the request belongs to.
    pub session: Given<String>,
}

impl EmailParameters {
    fn source(&self) -> Source<'_> {
        Source {
            session: &self.session,
            next_link: &self.next_link,
        }
    }
}

/// Requests for mails, for one purpose, on a server that validates email addresses for it.
#[derive(Clone, Copy)]
pub struct EmailRequests<'a> {
    requests: &'a TokenRequests,
    purpose: Purpose,
    validator: Validator<'a>,
}

/// Who validates email addresses.
#[derive(Clone, Copy)]
enum Validator<'a> {
    Local(&'a Arc<dyn Mailer>),
    Delegated(&'a Arc<dyn IdentityServer>),
}

impl TokenRequests {
    /// Requests for mails for this purpose, if email addresses can be validated for it here.
    /// Clients are told so before anything else about a request is looked at.
    ///
    /// # Errors
    /// [`RequestTokenError::EmailNotSupported`], [`RequestTokenError::RegistrationClosed`],
    /// [`RequestTokenError::ChangesForbidden`].
    pub fn for_email(&self, purpose: Purpose) -> Result<EmailRequests<'_>, RequestTokenError> {
        let validator = match &self.0.ports.email {
            EmailValidation::Off => return Err(RequestTokenError::EmailNotSupported),
            EmailValidation::Local(mailer) => Validator::Local(mailer),
            EmailValidation::Delegated(server) => Validator::Delegated(server),
        };
        self.check_purpose(purpose)?;
        Ok(EmailRequests {
            requests: self,
            purpose,
            validator,
        })
    }
}

impl EmailRequests<'_> {
    /// Must the client be signed in?
    pub fn require_login(&self) -> bool {
        self.requests.is_login_required(self.purpose)
    }

    /// Asks the reader of an address's mail to open a link.
    ///
    /// # Errors
    /// [`RequestTokenError`]; nothing was stored.
    pub async fn request(
        &self,
        ctx: &RequestContext,
        parameters: &EmailParameters,
    ) -> Result<TokenRequested, RequestTokenError> {
        let Self {
            requests, purpose, ..
        } = *self;
        let request = TokenRequests::parse_email(parameters);
        let mut request = request.map_err(|error| error.in_request_for(purpose))?;
        let threepid = request.email.clone().into();
        request.next_link = requests
            .admit(ctx, purpose, &threepid, &parameters.source())
            .await?;
        if requests.0.policy.threepids.inhibit_errors {
            return match self.validator {
                Validator::Local(mailer) => requests.mail_covertly(mailer, purpose, request).await,
                Validator::Delegated(server) => {
                    let request = Delegated::Email(request);
                    requests
                        .delegate_covertly(server, purpose, threepid, request)
                        .await
                }
            };
        }
        requests.check_availability(&threepid, purpose).await?;
        Ok(match self.validator {
            Validator::Local(mailer) => {
                TokenRequested::Here(requests.mail(mailer, purpose, request).await?)
            }
            Validator::Delegated(server) => {
                let request = Delegated::Email(request);
                let reply = requests.delegate(server, purpose, threepid, request);
                TokenRequested::Elsewhere(reply.await?)
            }
        })
    }
}

impl TokenRequests {
    /// The request, as yet without the link.
    fn parse_email(parameters: &EmailParameters) -> Result<EmailTokenRequest, RequestTokenError> {
        Self::require(&[
            ("client_secret", parameters.client_secret.is_present()),
            ("email", parameters.email.is_present()),
            ("send_attempt", parameters.send_attempt.is_present()),
        ])?;
        let client_secret = super::client_secret(&parameters.client_secret)?;
        let email = parameters.email.value();
        let email = email.ok_or(RequestTokenError::MalformedField("email"))?;
        Ok(EmailTokenRequest {
            client_secret,
            email: EmailAddress::parse(email)?,
            send_attempt: super::send_attempt(&parameters.send_attempt)?,
            next_link: None,
        })
    }

    /// Sends the link, unless this attempt's mail has gone out before, and is not interrupted.
    async fn mail(
        &self,
        mailer: &Arc<dyn Mailer>,
        purpose: Purpose,
        request: EmailTokenRequest,
    ) -> Result<ValidationSessionId, RequestTokenError> {
        let address = request.email.clone().into();
        let turn = self.turn(&request.client_secret, address).await;
        let (this, mailer) = (self.clone(), Arc::clone(mailer));
        self.to_the_end(turn, async move {
            let sid = this.send_link(&*mailer, purpose, &request).await?;
            this.announce(Medium::Email, purpose, request.send_attempt);
            Ok(sid)
        })
        .await
    }

    /// Sends the link, unless this attempt's mail has gone out before.
    ///
    /// The token is committed before its mail goes out, so that no link leads nowhere, and is taken
    /// back when it does not go out. The attempt counts once it has: a crash in between may repeat
    /// a mail and never loses one.
    async fn send_link(
        &self,
        mailer: &dyn Mailer,
        purpose: Purpose,
        request: &EmailTokenRequest,
    ) -> Result<ValidationSessionId, RequestTokenError> {
        let shared = &self.0;
        let text = generate_token(shared.entropy());
        let digest = TokenDigest::of(text.expose());
        let opening = self.mail_opening(purpose, request, digest);
        let opened = shared.retrying(|| async {
            let mut uow = shared.ports.store.begin(Intent::Write).await?;
            let opened = opening.open(&mut *uow, shared).await?;
            if let Opened::MessageDue(_) = &opened {
                self.spend(&mut *uow, Medium::Email).await?;
            }
            uow.commit().await?;
            Ok::<_, RequestTokenError>(opened)
        });
        let sid = match opened.await? {
            Opened::AlreadySent(sid) => return Ok(sid),
            Opened::MessageDue(sid) => sid,
        };
        let link = self.link(purpose, &sid, request.client_secret.expose(), &text);
        let mail = Mail {
            to: request.email.clone(),
            content: mail::content(purpose, link),
        };
        let outcome = mailer.send(&mail).await;
        shared
            .retrying(|| async {
                let mut uow = shared.ports.store.begin(Intent::Write).await?;
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
}
