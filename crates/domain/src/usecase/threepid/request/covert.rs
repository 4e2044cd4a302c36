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

use super::delegated::Delegated;
use super::mail;
use super::opening::{Opened, Opening};
use super::{RequestTokenError, Suitability, TokenRequested, TokenRequests, suitability};
use crate::model::secret::TokenDigest;
use crate::model::threepid::{
    Medium, ProofDigest, Purpose, Threepid, ValidationSession, ValidationSessionId,
    ValidationToken, generate_token,
};
use crate::ports::background::Room;
use crate::ports::identity_server::EmailTokenRequest;
use crate::ports::mailer::MailContent;
use crate::ports::{IdentityServer, Intent, Mail, Mailer, StoreError};
use crate::usecase::proof::delegated;

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
                    mail::content(purpose, link)
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
            // Every request writes as much afterwards: the next one would feel the difference.
            let made_up = ValidationSessionId::generate(this.0.entropy());
            let outcome = match covert.due() {
                Some(Suitability::Suitable) => request.send(&*server).await.map(|reply| reply.sid),
                Some(Suitability::Unsuitable) => Ok(made_up.clone()),
                None => return,
            };
            let recorded = match &outcome {
                Ok(sid) => {
                    let proof = request.proof(&*server, sid);
                    this.record_delegate(&covert.opened, sid, &proof, purpose)
                        .await
                }
                // What an earlier message of the session proves stays as it is.
                Err(_) => {
                    let proof = request.proof(&*server, &made_up);
                    this.record_purpose(&proof, purpose).await
                }
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
