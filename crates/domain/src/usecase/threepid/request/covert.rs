//! With `request_token_inhibit_3pid_errors` the answer does not depend on whose an address is.
//!
//! An address that does not suit the purpose gets a real validation session, whose link nobody
//! ever receives. So a repeated request finds the same `sid` for as long, in every process and after a
//! restart; links and proofs are refused in the same words; and the database does the same work. The
//! message goes out after the answer, because how long that takes, and whether it fails, would show
//! that there was one. For the same reason an attempt counts as soon as it is stored: after a failure,
//! which is logged, a client sends the next attempt.
//!
//! An identity server chooses a `sid` in a form of its own, which cannot be imitated. So its answers
//! are not handed on: clients get a `sid` of this server, which stands for the other one.

use std::error::Error;
use std::sync::Arc;

use super::opening::{Opened, Opening};
use super::{RequestTokenError, Suitability, TokenRequested, TokenRequests, suitability};
use crate::model::secret::TokenDigest;
use crate::model::threepid::{
    ClientSecret, Medium, ProofDigest, Purpose, Threepid, ValidationSession, ValidationSessionId,
    ValidationToken, generate_token,
};
use crate::ports::background::Room;
use crate::ports::identity_server::{EmailTokenRequest, MsisdnTokenRequest, RequestTokenReply};
use crate::ports::mailer::MailContent;
use crate::ports::{IdentityServer, IdentityServerError, Intent, Mail, Mailer, StoreError};
use crate::usecase::proof::delegated;

/// A request for a message that an identity server sends.
#[derive(Clone, Debug)]
pub(super) enum Delegated {
    Email(EmailTokenRequest),
    Msisdn(MsisdnTokenRequest),
}

impl Delegated {
    pub(super) async fn send(
        &self,
        server: &dyn IdentityServer,
    ) -> Result<RequestTokenReply, IdentityServerError> {
        match self {
            Self::Email(request) => server.request_email_token(request).await,
            Self::Msisdn(request) => server.request_msisdn_token(request).await,
        }
    }

    fn medium(&self) -> Medium {
        match self {
            Self::Email(_) => Medium::Email,
            Self::Msisdn(_) => Medium::Msisdn,
        }
    }

    fn client_secret(&self) -> &ClientSecret {
        match self {
            Self::Email(request) => &request.client_secret,
            Self::Msisdn(request) => &request.client_secret,
        }
    }

    fn send_attempt(&self) -> i64 {
        match self {
            Self::Email(request) => request.send_attempt,
            Self::Msisdn(request) => request.send_attempt,
        }
    }

    /// What its proof will be known by.
    pub(super) fn proof(
        &self,
        server: &dyn IdentityServer,
        sid: &ValidationSessionId,
    ) -> ProofDigest {
        ProofDigest::of(server.name(), sid.as_str(), self.client_secret())
    }

    fn opening(&self, purpose: Purpose, threepid: Threepid, token: ValidationToken) -> Opening {
        Opening {
            purpose,
            threepid,
            client_secret: self.client_secret().digest(),
            send_attempt: self.send_attempt(),
            token,
        }
    }
}

/// A session that was opened covertly.
struct Covert {
    opened: Opened,
    suitability: Suitability,
}

impl Covert {
    /// Is there a message to send, and does the address suit the purpose?
    fn due(&self) -> Option<Suitability> {
        match self.opened {
            Opened::MessageDue(_) => Some(self.suitability),
            Opened::AlreadySent(_) => None,
        }
    }
}

impl TokenRequests {
    /// Answers, and then sends the mail that the owner of the address should get, if any.
    pub(super) async fn mail_covertly(
        &self,
        mailer: &Arc<dyn Mailer>,
        purpose: Purpose,
        request: EmailTokenRequest,
    ) -> Result<TokenRequested, RequestTokenError> {
        let room = self.room()?;
        let text = generate_token(self.0.entropy());
        let opening = self.mail_opening(purpose, &request, TokenDigest::of(text.expose()));
        let covert = self.open_covertly(&opening).await?;
        let sid = covert.opened.sid().clone();
        let (this, mailer) = (self.clone(), Arc::clone(mailer));
        room.run(Box::pin(async move {
            if covert.suitability == Suitability::Suitable {
                this.announce(Medium::Email, purpose, request.send_attempt);
            }
            let content = match (covert.due(), purpose) {
                (Some(Suitability::Suitable), _) => {
                    let secret = request.client_secret.expose();
                    let link = this.link(purpose, covert.opened.sid(), secret, &text);
                    super::email::content(purpose, link)
                }
                (Some(Suitability::Unsuitable), Purpose::Registration) => MailContent::AlreadyInUse,
                (Some(Suitability::Unsuitable) | None, _) => return,
            };
            let to = request.email;
            if let Err(error) = mailer.send(&Mail { to, content }).await {
                let error: &dyn Error = &error;
                tracing::error!(error, "mail could not be sent in the background");
            }
        }));
        Ok(TokenRequested::Here(sid))
    }

    /// Has the identity server send a message, and answers what it says. Not interrupted.
    pub(super) async fn delegate(
        &self,
        server: &Arc<dyn IdentityServer>,
        purpose: Purpose,
        threepid: Threepid,
        request: Delegated,
    ) -> Result<RequestTokenReply, RequestTokenError> {
        let medium = threepid.medium();
        let turn = self.turn(request.client_secret(), threepid).await;
        let (this, server) = (self.clone(), Arc::clone(server));
        self.to_the_end(turn, async move {
            let reply = this.ask_delegate(&*server, purpose, &request).await?;
            this.announce(medium, purpose, request.send_attempt());
            Ok(reply)
        })
        .await
    }

    async fn ask_delegate(
        &self,
        server: &dyn IdentityServer,
        purpose: Purpose,
        request: &Delegated,
    ) -> Result<RequestTokenReply, RequestTokenError> {
        let shared = &self.0;
        shared
            .retrying(|| async {
                let mut uow = shared.ports.store.begin(Intent::Write).await?;
                self.spend(&mut *uow, request.medium()).await?;
                Ok::<_, RequestTokenError>(uow.commit().await?)
            })
            .await?;
        let reply = request.send(server).await?;
        let proof = request.proof(server, &reply.sid);
        shared
            .retrying(|| async {
                let mut uow = shared.ports.store.begin(Intent::Write).await?;
                delegated::record_purpose(&mut *uow, shared, &proof, purpose).await?;
                uow.commit().await
            })
            .await?;
        Ok(reply)
    }

    /// Answers, and then has the identity server send a message, if the owner of the address should
    /// get one.
    pub(super) async fn delegate_covertly(
        &self,
        server: &Arc<dyn IdentityServer>,
        purpose: Purpose,
        threepid: Threepid,
        request: Delegated,
    ) -> Result<TokenRequested, RequestTokenError> {
        let shared = &self.0;
        let room = self.room()?;
        // No link of this server opens the session. It ends when nobody can use its proof any more.
        let token = ValidationToken {
            digest: TokenDigest::of(generate_token(shared.entropy()).expose()),
            next_link: None,
            expires: shared.now().after(ValidationSession::USABLE_FOR),
        };
        let opening = request.opening(purpose, threepid, token);
        let covert = self.open_covertly(&opening).await?;
        let sid = covert.opened.sid().clone();
        let (this, server) = (self.clone(), Arc::clone(server));
        let (medium, send_attempt) = (opening.threepid.medium(), opening.send_attempt);
        room.run(Box::pin(async move {
            if covert.suitability == Suitability::Suitable {
                this.announce(medium, purpose, send_attempt);
            }
            let outcome = match covert.due() {
                Some(Suitability::Suitable) => request.send(&*server).await.map(|reply| reply.sid),
                // The same work for the database, which would delay the next request otherwise.
                Some(Suitability::Unsuitable) => {
                    Ok(ValidationSessionId::generate(this.0.entropy()))
                }
                None => return,
            };
            let recorded = match &outcome {
                Ok(sid) => {
                    let proof = request.proof(&*server, sid);
                    this.record_delegate(&covert.opened, sid, &proof, purpose)
                        .await
                }
                Err(_) => Ok(()),
            };
            let error: &dyn Error = match (&outcome, &recorded) {
                (Err(error), _) => error,
                (_, Err(error)) => error,
                (Ok(_), Ok(())) => return,
            };
            tracing::error!(error, %medium, "identity server request failed in the background");
        }));
        Ok(match opening.threepid.medium() {
            Medium::Email => TokenRequested::Here(sid),
            Medium::Msisdn => TokenRequested::Texted {
                sid,
                number: opening.threepid.address().to_owned(),
            },
        })
    }

    pub(super) fn room(&self) -> Result<Box<dyn Room>, RequestTokenError> {
        let room = self.0.ports.background.reserve();
        room.ok_or(RequestTokenError::Busy)
    }

    async fn open_covertly(&self, opening: &Opening) -> Result<Covert, RequestTokenError> {
        let shared = &self.0;
        shared
            .retrying(|| async {
                let mut uow = shared.ports.store.begin(Intent::Write).await?;
                let suitability =
                    suitability(&mut *uow, &opening.threepid, opening.purpose).await?;
                let opened = opening.open(&mut *uow, shared).await?;
                if let Opened::MessageDue(sid) = &opened {
                    // Also for a message that nobody gets: the cap must not show that either.
                    self.spend(&mut *uow, opening.threepid.medium()).await?;
                    uow.validations()
                        .record_send_attempt(sid, opening.send_attempt)
                        .await?;
                }
                uow.commit().await?;
                Ok(Covert {
                    opened,
                    suitability,
                })
            })
            .await
    }

    async fn record_delegate(
        &self,
        opened: &Opened,
        sid: &ValidationSessionId,
        proof: &ProofDigest,
        purpose: Purpose,
    ) -> Result<(), StoreError> {
        let shared = &self.0;
        shared
            .retrying(|| async {
                let mut uow = shared.ports.store.begin(Intent::Write).await?;
                delegated::record_purpose(&mut *uow, shared, proof, purpose).await?;
                uow.validations().record_delegate(opened.sid(), sid).await?;
                uow.commit().await
            })
            .await
    }
}
