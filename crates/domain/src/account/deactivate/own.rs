//! `POST /account/deactivate`: somebody closes their own account, or an application service one of
//! its own.
//!
//! Spec: <https://spec.matrix.org/v1.16/client-server-api/#post_matrixclientv3accountdeactivate>

use std::sync::Arc;

use super::{Deactivated, Erasure, deactivate};
use crate::appservice::AppService;
use crate::context::RequestContext;
use crate::core::Core;
use crate::given::Given;
use crate::id::{Localpart, UserId};
use crate::ports::{Intent, StoreError};
use crate::retry::MaybeStore;
use crate::token::authenticate::{Bearer, Requester};
use crate::uia::auth::Auth;
use crate::uia::gate::{self, GateError, UiaPrompt};
use crate::uia::reauthenticate::{Reauthentication, Undertaking, reauthenticate};
use crate::uia::{OperationDigest, Parameters, Traces};

/// The use-case.
#[derive(Clone)]
pub struct Deactivation(Arc<Core>);

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
pub struct DeactivationWish {
    operation: OperationDigest,
    traces: Traces,
    auth: Given<Auth>,
    says_something: bool,
}

/// The outcome of `POST /account/deactivate`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeactivationOutcome {
    /// The account is closed.
    Deactivated(Unbinding),
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
    /// The user is none of the application service's.
    #[error("the application service may not act for this user")]
    ForeignUser,
    /// There is no such account.
    #[error("the application service has not registered this user")]
    UnknownUser,
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
            _ => None,
        }
    }
}

impl Deactivation {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self(core)
    }

    /// Checks the fields of a request. Clients hear about these before anybody asks who they are.
    ///
    /// # Errors
    /// [`DeactivationError::MalformedField`].
    pub fn read(
        &self,
        request: DeactivationRequest,
    ) -> Result<DeactivationWish, DeactivationError> {
        let erase = request.erase.optional_not_null();
        let erase = erase.map_err(|_| DeactivationError::MalformedField("erase"))?;
        let id_server = request.id_server.optional();
        id_server.map_err(|_| DeactivationError::MalformedField("id_server"))?;
        Ok(DeactivationWish {
            operation: request.operation,
            traces: match erase {
                Some(true) => Traces::Erase,
                Some(false) | None => Traces::Keep,
            },
            auth: request.auth,
            says_something: request.has_other_fields,
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
        wish: &DeactivationWish,
    ) -> Result<DeactivationOutcome, DeactivationError> {
        let continues = gate::session_id(&wish.auth)?.is_some();
        let parameters = Parameters::Deactivate(wish.traces);
        let undertaking = Undertaking {
            requester,
            operation: wish.operation,
            auth: &wish.auth,
            parameters: (wish.says_something || !continues).then_some(&parameters),
            purposes: &[],
        };
        match reauthenticate(&self.0, ctx, &undertaking).await? {
            Reauthentication::Wanted(prompt) => Ok(DeactivationOutcome::AuthRequired(prompt)),
            Reauthentication::Given(authorization) => {
                let localpart = &requester.account.localpart;
                let erasure = erasure(authorization.parameters());
                let closed = self.close(localpart, erasure).await?;
                let threepids = closed.map(|closed| closed.threepids).unwrap_or_default();
                Ok(DeactivationOutcome::Deactivated(if threepids.is_empty() {
                    Unbinding::Success
                } else {
                    Unbinding::NoSupport
                }))
            }
        }
    }

    /// Closes an account of an application service's own, if the token is one's: the one named by the
    /// query parameter `user_id`, or else the service's own. `None` for any other token.
    ///
    /// # Errors
    /// [`DeactivationError::MalformedField`], [`DeactivationError::ForeignUser`],
    /// [`DeactivationError::UnknownUser`], [`DeactivationError::Store`].
    pub async fn deactivate_for_appservice(
        &self,
        bearer: &Bearer,
        user_id: &Given<String>,
        wish: &DeactivationWish,
    ) -> Result<Option<()>, DeactivationError> {
        let Bearer::Token(token) = bearer else {
            return Ok(None);
        };
        let services = &self.0.policy.registration.appservices;
        let Some(service) = services.with_token(token) else {
            return Ok(None);
        };
        let localpart = self.named_user(service, user_id)?;
        let erasure = erasure(&Parameters::Deactivate(wish.traces));
        let closed = self.close(&localpart, erasure).await?;
        closed
            .map(|_| Some(()))
            .ok_or(DeactivationError::UnknownUser)
    }

    /// The user for whom an application service acts.
    fn named_user(
        &self,
        service: &AppService,
        user_id: &Given<String>,
    ) -> Result<Localpart, DeactivationError> {
        let named = user_id.optional();
        let named = named.map_err(|_| DeactivationError::MalformedField("user_id"))?;
        let Some(named) = named else {
            return Ok(service.sender.clone());
        };
        let localpart = UserId::read_local(named, &self.0.policy.server_name);
        localpart
            .filter(|localpart| service.is_interested(&self.0.user_id(localpart)))
            .ok_or(DeactivationError::ForeignUser)
    }

    async fn close(
        &self,
        localpart: &Localpart,
        erasure: Erasure,
    ) -> Result<Option<Deactivated>, StoreError> {
        let core = &self.0;
        let closed = core
            .retrying(|| async {
                let mut uow = core.ports.store.begin(Intent::Write).await?;
                let closed = deactivate(&mut *uow, localpart, erasure).await?;
                uow.commit().await?;
                Ok::<_, StoreError>(closed)
            })
            .await?;
        if closed.is_some() {
            tracing::info!(account.localpart = %localpart, "account deactivated");
        }
        Ok(closed)
    }
}

fn erasure(parameters: &Parameters) -> Erasure {
    match parameters {
        Parameters::Deactivate(Traces::Erase) => Erasure::Erase,
        _ => Erasure::Keep,
    }
}
