//! `/devices` and `/delete_devices`: an account looks after its devices. Removing one needs
//! user-interactive authentication.
//!
//! Spec: <https://spec.matrix.org/v1.16/client-server-api/#device-management>

use std::sync::Arc;

use crate::model::context::RequestContext;
use crate::model::device::{Device, DisplayName, DisplayNameError};
use crate::model::given::Given;
use crate::model::id::DeviceId;
use crate::model::uia::{OperationDigest, Parameters};
use crate::ports::{Intent, StoreError};
use crate::usecase::retry::MaybeStore;
use crate::usecase::shared::Shared;
use crate::usecase::token::authenticate::Requester;
use crate::usecase::uia::auth::Auth;
use crate::usecase::uia::continuation::Continuation;
use crate::usecase::uia::gate::GateError;
use crate::usecase::uia::prompt::UiaPrompt;
use crate::usecase::uia::reauthenticate::{
    Authorization, ProtectedRequest, Reauthentication, RecentProof, reauthenticate,
};

/// The most devices that one `POST /delete_devices` may name.
pub const MAX_DEVICES: usize = 10_000;

/// The use-case.
#[derive(Clone)]
pub struct Devices(Arc<Shared>);

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// The account has no such device.
    #[error("there is no such device")]
    NotFound,
    /// The name cannot be used.
    #[error(transparent)]
    DisplayName(#[from] DisplayNameError),
    /// No `devices`.
    #[error("`devices` is missing")]
    DevicesMissing,
    /// A field has the wrong type or a value that cannot be used.
    #[error("`{0}` has the wrong type")]
    MalformedField(&'static str),
    /// User-interactive authentication failed.
    #[error(transparent)]
    Gate(#[from] GateError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl MaybeStore for DeviceError {
    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            Self::Gate(error) => error.store_error(),
            _ => None,
        }
    }
}

/// The outcome of a request to remove devices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RemoveOutcome {
    /// They are gone.
    Removed,
    /// The requester must prove who they are.
    AuthRequired(UiaPrompt),
}

/// A request to remove devices.
#[derive(Clone, Copy, Debug)]
pub struct RemoveRequest<'a> {
    /// Method and target of the request.
    pub operation: OperationDigest,
    /// `auth`.
    pub auth: &'a Given<Auth>,
}

impl Devices {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self(shared)
    }

    /// The requester's devices, ordered by ID.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list(&self, requester: &Requester) -> Result<Vec<Device>, StoreError> {
        let mut uow = self.0.ports.store.begin(Intent::Read).await?;
        uow.devices().list(&requester.account.localpart).await
    }

    /// One of the requester's devices.
    ///
    /// # Errors
    /// [`DeviceError::NotFound`].
    pub async fn find(
        &self,
        requester: &Requester,
        device_id: &str,
    ) -> Result<Device, DeviceError> {
        let device_id = DeviceId::parse(device_id).map_err(|_| DeviceError::NotFound)?;
        let mut uow = self.0.ports.store.begin(Intent::Read).await?;
        let device = uow
            .devices()
            .find(&requester.account.localpart, &device_id)
            .await?;
        device.ok_or(DeviceError::NotFound)
    }

    /// Renames one of the requester's devices. Without a name nothing changes.
    ///
    /// # Errors
    /// [`DeviceError::NotFound`], [`DeviceError::DisplayName`], [`DeviceError::MalformedField`].
    pub async fn rename(
        &self,
        requester: &Requester,
        device_id: &str,
        display_name: &Given<String>,
    ) -> Result<(), DeviceError> {
        let malformed = DeviceError::MalformedField("display_name");
        let Some(text) = display_name.optional(malformed)? else {
            return self.find(requester, device_id).await.map(|_| ());
        };
        let display_name = DisplayName::parse(text)?;
        let device_id = DeviceId::parse(device_id).map_err(|_| DeviceError::NotFound)?;
        let localpart = &requester.account.localpart;
        let shared = &self.0;
        shared
            .retrying(|| async {
                let mut uow = shared.ports.store.begin(Intent::Write).await?;
                if !uow
                    .devices()
                    .rename(localpart, &device_id, Some(&display_name))
                    .await?
                {
                    return Err(DeviceError::NotFound);
                }
                Ok(uow.commit().await?)
            })
            .await
    }

    /// Removes one device and its tokens. A device that is not there counts as removed.
    ///
    /// # Errors
    /// [`DeviceError::Gate`], [`DeviceError::Store`].
    pub async fn remove(
        &self,
        ctx: &RequestContext,
        requester: &Requester,
        request: &RemoveRequest<'_>,
        device_id: &str,
    ) -> Result<RemoveOutcome, DeviceError> {
        let device_ids: Vec<_> = DeviceId::parse(device_id).into_iter().collect();
        let continuation = Continuation::read(request.auth)?;
        let parameters = Some(&Parameters::None);
        match self
            .prove(ctx, requester, request.operation, &continuation, parameters)
            .await?
        {
            Reauthentication::Authorized(authorization) => {
                self.take_away(requester, &authorization, &device_ids).await
            }
            Reauthentication::Challenged(prompt) => Ok(RemoveOutcome::AuthRequired(prompt)),
        }
    }

    /// Removes several devices and their tokens; the list may come from an earlier request of the
    /// same session.
    ///
    /// # Errors
    /// [`DeviceError`].
    pub async fn remove_several(
        &self,
        ctx: &RequestContext,
        requester: &Requester,
        request: &RemoveRequest<'_>,
        devices: &Given<Vec<String>>,
    ) -> Result<RemoveOutcome, DeviceError> {
        let named = devices.optional(DeviceError::MalformedField("devices"))?;
        let continuation = Continuation::read(request.auth)?;
        if named.is_none() && continuation.session_id().is_none() {
            return Err(DeviceError::DevicesMissing);
        }
        if named.is_some_and(|names| names.len() > MAX_DEVICES) {
            return Err(DeviceError::MalformedField("devices"));
        }
        // Names that cannot be devices count as removed.
        let parameters = named.map(|names| {
            let device_ids = names.iter().flat_map(|name| DeviceId::parse(name));
            Parameters::DeleteDevices(device_ids.collect())
        });
        let outcome = self
            .prove(
                ctx,
                requester,
                request.operation,
                &continuation,
                parameters.as_ref(),
            )
            .await?;
        match outcome {
            Reauthentication::Authorized(authorization) => {
                let Parameters::DeleteDevices(device_ids) = authorization.parameters() else {
                    return Err(DeviceError::DevicesMissing);
                };
                self.take_away(requester, &authorization, device_ids).await
            }
            Reauthentication::Challenged(prompt) => Ok(RemoveOutcome::AuthRequired(prompt)),
        }
    }

    /// Has the requester proved who they are?
    async fn prove(
        &self,
        ctx: &RequestContext,
        requester: &Requester,
        operation: OperationDigest,
        continuation: &Continuation<'_>,
        parameters: Option<&Parameters>,
    ) -> Result<Reauthentication, GateError> {
        let protected = ProtectedRequest {
            requester,
            operation,
            continuation,
            parameters,
            purposes: &[],
            recent: RecentProof::Suffices,
        };
        reauthenticate(&self.0, ctx, &protected).await
    }

    async fn take_away(
        &self,
        requester: &Requester,
        authorization: &Authorization,
        device_ids: &[DeviceId],
    ) -> Result<RemoveOutcome, DeviceError> {
        let shared = &self.0;
        shared
            .retrying(|| async {
                let mut uow = shared.ports.store.begin(Intent::Write).await?;
                authorization.confirm(&mut *uow, shared, requester).await?;
                uow.devices()
                    .remove(&requester.account.localpart, device_ids)
                    .await?;
                uow.commit().await?;
                Ok(RemoveOutcome::Removed)
            })
            .await
    }
}
