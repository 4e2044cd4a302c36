//! Messages that an identity server sends.

use std::sync::Arc;

use super::opening::Opening;
use super::{RequestTokenError, TokenRequests};
use crate::model::threepid::{
    ClientSecret, Medium, ProofDigest, Purpose, Threepid, ValidationSessionId, ValidationToken,
};
use crate::ports::identity_server::{EmailTokenRequest, MsisdnTokenRequest, RequestTokenReply};
use crate::ports::{IdentityServer, IdentityServerError, Intent, StoreError};
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

    pub(super) fn medium(&self) -> Medium {
        match self {
            Self::Email(_) => Medium::Email,
            Self::Msisdn(_) => Medium::Msisdn,
        }
    }

    pub(super) fn client_secret(&self) -> &ClientSecret {
        match self {
            Self::Email(request) => &request.client_secret,
            Self::Msisdn(request) => &request.client_secret,
        }
    }

    pub(super) fn send_attempt(&self) -> i64 {
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

    pub(super) fn opening(
        &self,
        purpose: Purpose,
        threepid: Threepid,
        token: ValidationToken,
    ) -> Opening {
        Opening {
            purpose,
            threepid,
            client_secret: self.client_secret().digest(),
            send_attempt: self.send_attempt(),
            token,
        }
    }
}

impl TokenRequests {
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
        self.record_purpose(&proof, purpose).await?;
        Ok(reply)
    }

    /// Records what an identity server was asked for, in a unit of work of its own.
    pub(super) async fn record_purpose(
        &self,
        proof: &ProofDigest,
        purpose: Purpose,
    ) -> Result<(), StoreError> {
        let shared = &self.0;
        shared
            .retrying(|| async {
                let mut uow = shared.ports.store.begin(Intent::Write).await?;
                delegated::record_purpose(&mut *uow, shared, proof, purpose).await?;
                uow.commit().await
            })
            .await
    }
}
