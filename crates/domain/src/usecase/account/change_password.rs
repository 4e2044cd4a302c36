//! `POST /account/password`: a signed-in user changes their password, or somebody who has proved
//! that they read the mail of an account resets it.
//!
//! Spec: <https://spec.matrix.org/v1.16/client-server-api/#post_matrixclientv3accountpassword>

use std::sync::Arc;

use crate::model::context::{RequestContext, Trust};
use crate::model::given::Given;
use crate::model::id::Localpart;
use crate::model::password::PasswordHash;
use crate::model::threepid::{Medium, Purpose, Threepid};
use crate::model::uia::flow::Flow;
use crate::model::uia::{
    OperationDigest, OtherDevices, Parameters, Stage, StageResult, UiaSession,
};
use crate::ports::{HashError, Intent, StoreError, UnitOfWork};
use crate::usecase::password::{Logins, NewPassword, NewPasswordError, set_password};
use crate::usecase::retry::MaybeStore;
use crate::usecase::shared::Shared;
use crate::usecase::token::authenticate::Requester;
use crate::usecase::uia::auth::Auth;
use crate::usecase::uia::continuation::Continuation;
use crate::usecase::uia::gate::{self, Clearance, Decision, GateError, GateRequest, Operation};
use crate::usecase::uia::prompt::UiaPrompt;
use crate::usecase::uia::reauthenticate::{
    Authorization, ProtectedRequest, Reauthentication, RecentProof, reauthenticate,
};

/// What an address must have been validated for.
const PURPOSES: &[Purpose] = &[Purpose::PasswordReset];

/// The use-case.
#[derive(Clone)]
pub struct PasswordChange(Arc<Shared>);

/// `POST /account/password`, as sent.
#[derive(Clone, Debug)]
pub struct ChangePasswordRequest {
    /// Method and target of the request.
    pub operation: OperationDigest,
    /// `new_password`.
    pub new_password: Given<String>,
    /// `logout_devices`: do other devices have to log in again? By default they do.
    pub logout_devices: Given<bool>,
    /// `auth`.
    pub auth: Given<Auth>,
    /// The body has a key besides `auth` and `new_password`.
    pub has_other_fields: bool,
}

/// The same with its fields checked, which comes before anything else.
#[derive(Clone, Debug)]
pub struct CheckedPasswordChange {
    operation: OperationDigest,
    password: NewPassword,
    parameters: Parameters,
    auth: Given<Auth>,
    has_parameters: bool,
}

/// The outcome of `POST /account/password`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangePasswordOutcome {
    /// The account has the new password.
    Changed,
    /// Something is still to be proved.
    AuthRequired(UiaPrompt),
}

/// Why no password was changed. The order of the variants is the order of the checks.
#[derive(Debug, thiserror::Error)]
pub enum ChangePasswordError {
    /// The new password cannot be used.
    #[error(transparent)]
    NewPassword(#[from] NewPasswordError),
    /// A field has the wrong type.
    #[error("`{0}` has the wrong type")]
    MalformedField(&'static str),
    /// User-interactive authentication failed.
    #[error(transparent)]
    Gate(#[from] GateError),
    /// The address that was validated belongs to no account.
    #[error("no account has this {}", .0.noun())]
    NobodyHasAddress(Medium),
    /// No password in this request, and none before.
    #[error("`new_password` is missing")]
    PasswordMissing,
    /// Passwords are switched off.
    #[error("passwords cannot be changed on this server")]
    PasswordsDisabled,
    /// The password could not be hashed.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// The account has been closed.
    #[error("this account has been deactivated")]
    Deactivated,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl MaybeStore for ChangePasswordError {
    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            Self::Gate(error) => error.store_error(),
            _ => None,
        }
    }
}

impl PasswordChange {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self(shared)
    }

    /// Checks the fields of a request. Clients hear about these before anybody asks who they are.
    ///
    /// # Errors
    /// [`ChangePasswordError::NewPassword`], [`ChangePasswordError::MalformedField`].
    pub fn read(
        &self,
        request: ChangePasswordRequest,
    ) -> Result<CheckedPasswordChange, ChangePasswordError> {
        let password = NewPassword::read(&self.0.policy.password, &request.new_password)?;
        let log_out = request
            .logout_devices
            .optional_not_null(ChangePasswordError::MalformedField("logout_devices"))?;
        let other_devices = match log_out {
            Some(false) => OtherDevices::Keep,
            Some(true) | None => OtherDevices::LogOut,
        };
        Ok(CheckedPasswordChange {
            operation: request.operation,
            password,
            parameters: Parameters::ChangePassword(other_devices),
            auth: request.auth,
            has_parameters: request.has_other_fields,
        })
    }

    /// Sets the password of the requester or, without one, of the account with the email address that
    /// was validated; or says what is still to be proved.
    ///
    /// A UIA session sets one password. A repeated final request is told that the session is not
    /// known: nobody who comes across one later can do anything with it.
    ///
    /// # Errors
    /// [`ChangePasswordError`]; nothing was changed, except that the UIA session may have gone on.
    pub async fn change(
        &self,
        ctx: &RequestContext,
        requester: Option<&Requester>,
        request: &CheckedPasswordChange,
    ) -> Result<ChangePasswordOutcome, ChangePasswordError> {
        let continuation = Continuation::read(&request.auth)?;
        let continues = continuation.session_id().is_some();
        let parameters = (request.has_parameters || !continues).then_some(&request.parameters);
        let mut charged = None;
        let prompt = match requester {
            Some(requester) => {
                let protected = ProtectedRequest {
                    requester,
                    operation: request.operation,
                    continuation: &continuation,
                    parameters,
                    purposes: PURPOSES,
                    recent: RecentProof::NeverSuffices,
                };
                match reauthenticate(&self.0, ctx, &protected).await? {
                    Reauthentication::Authorized(authorization) => {
                        return self.set_own(ctx, requester, request, &authorization).await;
                    }
                    Reauthentication::Challenged(prompt) => prompt,
                }
            }
            None => {
                charged = request.password.charge_first(&self.0, ctx, &continuation)?;
                match self
                    .prove_address(ctx, request, &continuation, parameters)
                    .await?
                {
                    Decision::Cleared(clearance) => {
                        return self.reset(ctx, request, &clearance).await;
                    }
                    Decision::Challenged(prompt) => prompt,
                }
            }
        };
        let password = &request.password;
        password.park(&self.0, ctx, &prompt, charged).await?;
        Ok(ChangePasswordOutcome::AuthRequired(prompt))
    }

    async fn prove_address(
        &self,
        ctx: &RequestContext,
        request: &CheckedPasswordChange,
        continuation: &Continuation<'_>,
        parameters: Option<&Parameters>,
    ) -> Result<Decision, GateError> {
        let request = GateRequest {
            operation: Operation {
                digest: request.operation,
                flows: &[Flow::new([Stage::Email])],
                enabled: &[Stage::Email, Stage::Msisdn],
                purposes: PURPOSES,
                requester: None,
            },
            continuation,
            known: None,
            parameters,
        };
        gate::pass(&self.0, ctx, &request).await
    }

    async fn set_own(
        &self,
        ctx: &RequestContext,
        requester: &Requester,
        request: &CheckedPasswordChange,
        authorization: &Authorization,
    ) -> Result<ChangePasswordOutcome, ChangePasswordError> {
        let shared = &self.0;
        let session = authorization.session();
        let hash = self.hash(ctx, request, session).await?;
        let logins = match other_devices(authorization.parameters()) {
            OtherDevices::LogOut => Logins::EndOthers(requester),
            OtherDevices::Keep => Logins::Keep,
        };
        shared
            .retrying(|| async {
                let mut uow = shared.ports.store.begin(Intent::Write).await?;
                authorization.confirm(&mut *uow, shared, requester).await?;
                set(&mut *uow, &requester.account.localpart, &hash, logins).await?;
                Ok::<_, ChangePasswordError>(uow.commit().await?)
            })
            .await?;
        tracing::info!(account.localpart = %requester.account.localpart, "password changed");
        Ok(ChangePasswordOutcome::Changed)
    }

    async fn reset(
        &self,
        ctx: &RequestContext,
        request: &CheckedPasswordChange,
        clearance: &Clearance,
    ) -> Result<ChangePasswordOutcome, ChangePasswordError> {
        let shared = &self.0;
        let session = clearance.session();
        let address = proved_address(session).ok_or(GateError::UnknownSession)?;
        {
            let mut uow = shared.ports.store.begin(Intent::Read).await?;
            owner(&mut *uow, address).await?;
        }
        let hash = self.hash(ctx, request, Some(session)).await?;
        let logins = match other_devices(&session.parameters) {
            OtherDevices::LogOut => Logins::EndAll,
            OtherDevices::Keep => Logins::Keep,
        };
        let localpart = shared
            .retrying(|| async {
                let mut uow = shared.ports.store.begin(Intent::Write).await?;
                clearance.spend(&mut *uow).await?;
                let localpart = owner(&mut *uow, address).await?;
                set(&mut *uow, &localpart, &hash, logins).await?;
                uow.commit().await?;
                Ok::<_, ChangePasswordError>(localpart)
            })
            .await?;
        tracing::info!(account.localpart = %localpart, "password reset");
        Ok(ChangePasswordOutcome::Changed)
    }

    /// The hash of the new password. Slow, so it comes before the unit of work.
    ///
    /// Anyone who gets here is signed in or reads the mail of the account.
    async fn hash(
        &self,
        ctx: &RequestContext,
        request: &CheckedPasswordChange,
        session: Option<&UiaSession>,
    ) -> Result<PasswordHash, ChangePasswordError> {
        if !request.password.is_known(session) {
            return Err(ChangePasswordError::PasswordMissing);
        }
        if !self.0.policy.password.reauth_enabled {
            return Err(ChangePasswordError::PasswordsDisabled);
        }
        let turn = ctx.hash_turn(Trust::Proved);
        let hash = request.password.hash(&self.0, turn, session).await?;
        hash.ok_or(ChangePasswordError::PasswordMissing)
    }
}

/// What becomes of the other devices, as stored in the session.
fn other_devices(parameters: &Parameters) -> OtherDevices {
    match parameters {
        Parameters::ChangePassword(other_devices) => *other_devices,
        _ => OtherDevices::LogOut,
    }
}

/// The email address that a session has proved.
fn proved_address(session: &UiaSession) -> Option<&Threepid> {
    let email = session
        .completed
        .iter()
        .find(|done| done.stage == Stage::Email)?;
    match &email.result {
        StageResult::Threepid(validated) => Some(&validated.threepid),
        StageResult::Passed | StageResult::Account(..) => None,
    }
}

async fn owner(
    uow: &mut dyn UnitOfWork,
    address: &Threepid,
) -> Result<Localpart, ChangePasswordError> {
    let owner = uow.threepids().find_owner(address).await?;
    owner.ok_or(ChangePasswordError::NobodyHasAddress(address.medium()))
}

async fn set(
    uow: &mut dyn UnitOfWork,
    localpart: &Localpart,
    hash: &PasswordHash,
    logins: Logins<'_>,
) -> Result<(), ChangePasswordError> {
    if set_password(uow, localpart, hash, logins).await? {
        Ok(())
    } else {
        Err(ChangePasswordError::Deactivated)
    }
}
