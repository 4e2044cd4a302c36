//! `POST /account/deactivate`: somebody closes their own account, or an application service one of
//! its users'.
//!
//! Spec: <https://spec.matrix.org/v1.16/client-server-api/#post_matrixclientv3accountdeactivate>

use std::sync::Arc;

use super::{Deactivated, deactivate};
use crate::model::context::RequestContext;
use crate::model::given::Given;
use crate::model::threepid::AccountThreepid;
use crate::model::uia::{ErasePolicy, OperationDigest, Parameters};
use crate::ports::{Intent, StoreError};
use crate::usecase::retry::MaybeStore;
use crate::usecase::shared::Shared;
use crate::usecase::token::authenticate::{Credential, Requester};
use crate::usecase::uia::auth::Auth;
use crate::usecase::uia::continuation::Continuation;
use crate::usecase::uia::gate::GateError;
use crate::usecase::uia::prompt::UiaPrompt;
use crate::usecase::uia::reauthenticate::{
    Authorization, ProtectedRequest, Reauthentication, RecentProof, reauthenticate,
};

/// The use-case.
#[derive(Clone)]
pub struct Deactivation(Arc<Shared>);

/// `POST /account/deactivate`, as sent.
#[derive(Clone, Debug)]
pub struct DeactivationRequest {
    /// Method and target of the request.
    pub operation: OperationDigest,
    /// `erase`: should what the account has left behind go too? By default it stays.
    pub erase: Given<bool>,
    /// `id_server`: where third-party identifiers should be unbound. This server binds none.
    pub id_server: Given<String>,
    /// `auth`.
    pub auth: Given<Auth>,
    /// The body has a key besides `auth`.
    pub has_other_fields: bool,
}

/// The same with its fields checked.
#[derive(Clone, Debug)]
pub struct CheckedDeactivation {
    operation: OperationDigest,
    erase_policy: ErasePolicy,
    auth: Given<Auth>,
    has_parameters: bool,
}

/// The outcome of `POST /account/deactivate`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeactivationOutcome {
    /// The account is closed.
    Deactivated(Unbinding),
    /// An application service has closed the account of one of its users, and is not told about
    /// identifiers.
    DeactivatedByService,
    /// The requester must prove who they are.
    AuthRequired(UiaPrompt),
}

/// What became of the account's third-party identifiers at identity servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unbinding {
    /// There was nothing to unbind.
    Success,
    /// There may have been something, and only a homeserver can unbind it: it takes a signature.
    NoSupport,
}

/// Why no account was closed.
#[derive(Debug, thiserror::Error)]
pub enum DeactivationError {
    /// A field has the wrong type.
    #[error("`{0}` has the wrong type")]
    MalformedField(&'static str),
    /// User-interactive authentication failed.
    #[error(transparent)]
    Gate(#[from] GateError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl MaybeStore for DeactivationError {
    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            Self::Gate(error) => error.store_error(),
            Self::MalformedField(_) => None,
        }
    }
}

impl Deactivation {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self(shared)
    }

    /// Checks the fields of a request. Clients hear about these before anybody asks who they are.
    ///
    /// # Errors
    /// [`DeactivationError::MalformedField`].
    pub fn read(
        &self,
        request: DeactivationRequest,
    ) -> Result<CheckedDeactivation, DeactivationError> {
        let erase = request
            .erase
            .optional_not_null(DeactivationError::MalformedField("erase"))?;
        request
            .id_server
            .optional(DeactivationError::MalformedField("id_server"))?;
        Ok(CheckedDeactivation {
            operation: request.operation,
            erase_policy: match erase {
                Some(true) => ErasePolicy::Erase,
                Some(false) | None => ErasePolicy::Keep,
            },
            auth: request.auth,
            has_parameters: request.has_other_fields,
        })
    }

    /// Closes the requester's account for good, once they have proved who they are.
    ///
    /// # Errors
    /// [`DeactivationError::Gate`], [`DeactivationError::Store`].
    pub async fn deactivate(
        &self,
        ctx: &RequestContext,
        requester: &Requester,
        request: &CheckedDeactivation,
    ) -> Result<DeactivationOutcome, DeactivationError> {
        let continuation = Continuation::read(&request.auth)?;
        let continues = continuation.session_id().is_some();
        let parameters = Parameters::Deactivate(request.erase_policy);
        let protected = ProtectedRequest {
            requester,
            operation: request.operation,
            continuation: &continuation,
            parameters: (request.has_parameters || !continues).then_some(&parameters),
            purposes: &[],
            recent: RecentProof::NeverSuffices,
        };
        match reauthenticate(&self.0, ctx, &protected).await? {
            Reauthentication::Challenged(prompt) => Ok(DeactivationOutcome::AuthRequired(prompt)),
            Reauthentication::Authorized(authorization) => {
                let threepids = self.close(requester, &authorization).await?;
                Ok(match requester.credential {
                    Credential::ApplicationService => DeactivationOutcome::DeactivatedByService,
                    Credential::AccessToken { .. } if threepids.is_empty() => {
                        DeactivationOutcome::Deactivated(Unbinding::Success)
                    }
                    Credential::AccessToken { .. } => {
                        DeactivationOutcome::Deactivated(Unbinding::NoSupport)
                    }
                })
            }
        }
    }

    /// Closes the account and returns the identifiers that it had. An application service may not have
    /// registered its own user; then there is nothing to close.
    async fn close(
        &self,
        requester: &Requester,
        authorization: &Authorization,
    ) -> Result<Vec<AccountThreepid>, DeactivationError> {
        let shared = &self.0;
        let localpart = &requester.account.localpart;
        let erase_policy = erase_policy(authorization.parameters());
        let closed = shared
            .retrying(|| async {
                let mut uow = shared.ports.store.begin(Intent::Write).await?;
                authorization.confirm(&mut *uow, shared, requester).await?;
                let closed = deactivate(&mut *uow, localpart, erase_policy).await?;
                uow.commit().await?;
                Ok::<_, DeactivationError>(closed)
            })
            .await?;
        let Some(Deactivated { threepids }) = closed else {
            return Ok(Vec::new());
        };
        tracing::info!(account.localpart = %localpart, "account deactivated");
        Ok(threepids)
    }
}

fn erase_policy(parameters: &Parameters) -> ErasePolicy {
    match parameters {
        Parameters::Deactivate(erase_policy) => *erase_policy,
        _ => ErasePolicy::Keep,
    }
}
