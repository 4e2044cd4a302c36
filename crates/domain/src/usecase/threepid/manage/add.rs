//! `POST /account/3pid/add`, and `POST /account/3pid` as it was before: an account gets an address
//! whose owner has proved that it is theirs.
//!
//! Spec: <https://spec.matrix.org/v1.16/client-server-api/#post_matrixclientv3account3pidadd>

use super::proof::{Found, PURPOSES, Proof};
use super::{ThreepidChanges, ThreepidError};
use crate::model::context::RequestContext;
use crate::model::given::Given;
use crate::model::threepid::{AccountThreepid, Threepid, ValidatedThreepid};
use crate::model::uia::{OperationDigest, Parameters};
use crate::ports::registration_hooks::ThreepidPurpose;
use crate::ports::store::{Constraint, StoreErrorKind};
use crate::ports::{Intent, UnitOfWork};
use crate::usecase::proof::allowed;
use crate::usecase::token::authenticate::Requester;
use crate::usecase::uia::auth::{Auth, ThreepidCredentials};
use crate::usecase::uia::continuation::Continuation;
use crate::usecase::uia::prompt::UiaPrompt;
use crate::usecase::uia::reauthenticate::{
    Authorization, ProtectedRequest, Reauthentication, RecentProof, reauthenticate,
};

/// `POST /account/3pid/add`, as sent.
#[derive(Clone, Debug)]
pub struct AddRequest {
    /// Method and target of the request.
    pub operation: OperationDigest,
    /// The validation session that proves the address.
    pub credentials: ThreepidCredentials,
    /// `auth`.
    pub auth: Given<Auth>,
}

/// The outcome of `POST /account/3pid/add`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AddOutcome {
    /// The account has the address.
    Added,
    /// The requester must prove who they are.
    AuthRequired(UiaPrompt),
}

impl ThreepidChanges<'_> {
    /// Adds an address to the requester's account, once they have proved who they are. The proof of the
    /// address may come from an earlier request of the same session.
    ///
    /// # Errors
    /// [`ThreepidError`]; nothing was changed, except that the UIA session may have gone on.
    pub async fn add(
        &self,
        ctx: &RequestContext,
        requester: &Requester,
        request: &AddRequest,
    ) -> Result<AddOutcome, ThreepidError> {
        let credentials = &request.credentials;
        let says_something = credentials.client_secret.is_present() || credentials.sid.is_present();
        let continuation = Continuation::read(&request.auth)?;
        let continues = continuation.session_id().is_some();
        let parameters = if says_something || !continues {
            let proof = Proof::read(credentials)?;
            Some(Parameters::AddThreepid(proof.client_secret, proof.sid))
        } else {
            None
        };
        let protected = ProtectedRequest {
            requester,
            operation: request.operation,
            continuation: &continuation,
            parameters: parameters.as_ref(),
            purposes: &[],
            recent: RecentProof::NeverSuffices,
        };
        let authorization = match reauthenticate(self.0, ctx, &protected).await? {
            Reauthentication::Challenged(prompt) => return Ok(AddOutcome::AuthRequired(prompt)),
            Reauthentication::Authorized(authorization) => authorization,
        };
        let Parameters::AddThreepid(client_secret, sid) = authorization.parameters() else {
            return Err(ThreepidError::ParameterMissing("sid"));
        };
        let proof = Proof {
            client_secret: client_secret.clone(),
            sid: sid.clone(),
        };
        self.give(requester, &proof, Some(&authorization)).await?;
        Ok(AddOutcome::Added)
    }

    /// Adds an address to the requester's account without asking who they are, as clients did before
    /// there was [`add`](Self::add).
    ///
    /// # Errors
    /// [`ThreepidError`]; nothing was changed.
    pub async fn add_at_once(
        &self,
        requester: &Requester,
        credentials: &Given<ThreepidCredentials>,
    ) -> Result<(), ThreepidError> {
        let credentials = credentials
            .optional(ThreepidError::MalformedField("three_pid_creds"))?
            .ok_or(ThreepidError::ParameterMissing("three_pid_creds"))?;
        let proof = Proof::read(credentials)?;
        self.give(requester, &proof, None).await
    }

    async fn give(
        &self,
        requester: &Requester,
        proof: &Proof,
        authorization: Option<&Authorization>,
    ) -> Result<(), ThreepidError> {
        let shared = self.0;
        let found = proof.find(shared).await?;
        let threepid = &found.validated().threepid;
        // A client may have used an identity server without this server, which has not checked the address then.
        if !allowed::is_allowed(shared, threepid, ThreepidPurpose::Addition).await? {
            return Err(ThreepidError::Denied(threepid.medium()));
        }
        shared
            .retrying(|| async {
                let mut uow = shared.ports.store.begin(Intent::Write).await?;
                if let Some(authorization) = authorization {
                    authorization.confirm(&mut *uow, shared, requester).await?;
                }
                let (validated, has_it) = match &found {
                    Found::Here(_) => {
                        let validated = proof.consume(&mut *uow, shared).await?;
                        let has_it = self.check_owner(&mut *uow, requester, threepid).await?;
                        (validated, has_it)
                    }
                    Found::Elsewhere(proof) => {
                        // A repeated request finds the address where the first one put it.
                        if self.check_owner(&mut *uow, requester, threepid).await? {
                            (proof.validated().clone(), true)
                        } else {
                            let validated = proof.consume(&mut *uow, shared, PURPOSES).await?;
                            (validated.ok_or(ThreepidError::NotValidated)?, false)
                        }
                    }
                };
                if !has_it {
                    self.store(&mut *uow, requester, validated).await?;
                }
                Ok::<_, ThreepidError>(uow.commit().await?)
            })
            .await?;
        let localpart = &requester.account.localpart;
        tracing::info!(account.localpart = %localpart, medium = %threepid.medium(), "third-party identifier added");
        Ok(())
    }

    /// Does the requester have the address already? Then it stays as it is.
    async fn check_owner(
        &self,
        uow: &mut dyn UnitOfWork,
        requester: &Requester,
        threepid: &Threepid,
    ) -> Result<bool, ThreepidError> {
        let localpart = &requester.account.localpart;
        let account = uow.accounts().find(localpart).await?;
        if account.is_none_or(|account| account.deactivated) {
            return Err(ThreepidError::Deactivated);
        }
        match uow.threepids().find_owner(threepid).await? {
            Some(owner) if owner == *localpart => Ok(true),
            Some(_) => Err(ThreepidError::InUse(threepid.medium())),
            None => Ok(false),
        }
    }

    /// Stores an address that nobody has.
    async fn store(
        &self,
        uow: &mut dyn UnitOfWork,
        requester: &Requester,
        validated: ValidatedThreepid,
    ) -> Result<(), ThreepidError> {
        let localpart = &requester.account.localpart;
        let threepid = AccountThreepid {
            threepid: validated.threepid,
            validated: validated.validated,
            added: self.0.now(),
        };
        match uow.threepids().add(localpart, &threepid).await {
            // Somebody was faster: look again who it was.
            Err(error) if error.is_conflict(Constraint::ThreepidTaken) => {
                Err(ThreepidError::Store(StoreErrorKind::Contended.into()))
            }
            outcome => Ok(outcome?),
        }
    }
}
