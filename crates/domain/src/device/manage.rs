//! `/devices` and `/delete_devices`: an account looks after its devices. Removing one needs
//! user-interactive authentication.
//!
//! Spec: <https://spec.matrix.org/v1.16/client-server-api/#device-management>

use std::sync::Arc;

use crate::context::RequestContext;
use crate::core::Core;
use crate::device::{Device, DisplayName, DisplayNameError};
use crate::given::Given;
use crate::id::DeviceId;
use crate::ports::{Intent, StoreError};
use crate::retry::MaybeStore;
use crate::token::authenticate::Requester;
use crate::uia::auth::Auth;
use crate::uia::flow::Flow;
use crate::uia::gate::{self, Attempt, Decision, GateError, Operation, UiaPrompt};
use crate::uia::{OperationDigest, Parameters, Stage};

/// The most devices that one `POST /delete_devices` may name.
pub(crate) const MAX_DEVICES: usize = 10_000;

/// The use-case.
#[derive(Clone)]
pub struct Devices(Arc<Core>);

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
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self(core)
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
        let text = display_name.optional();
        let Some(text) = text.map_err(|_| DeviceError::MalformedField("display_name"))? else {
            return self.find(requester, device_id).await.map(|_| ());
        };
        let display_name = DisplayName::parse(text)?;
        let device_id = DeviceId::parse(device_id).map_err(|_| DeviceError::NotFound)?;
        let localpart = &requester.account.localpart;
        let core = &self.0;
        core.retrying(|| async {
            let mut uow = core.ports.store.begin(Intent::Write).await?;
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

    /// Removes one device and its tokens. A device that is not there is as good as removed.
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
        match self
            .prove(ctx, requester, request, Some(&Parameters::None))
            .await?
        {
            Proof::Given(_) => self.take_away(requester, &device_ids).await,
            Proof::Wanted(prompt) => Ok(RemoveOutcome::AuthRequired(prompt)),
        }
    }

    /// Removes several devices and their tokens; the list may come from an earlier request of the
    /// same dialogue.
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
        let named = devices
            .optional()
            .map_err(|_| DeviceError::MalformedField("devices"))?;
        if named.is_none() && gate::session_id(request.auth)?.is_none() {
            return Err(DeviceError::DevicesMissing);
        }
        if named.is_some_and(|names| names.len() > MAX_DEVICES) {
            return Err(DeviceError::MalformedField("devices"));
        }
        // Names that cannot be devices are as good as removed.
        let parameters = named.map(|names| {
            let device_ids = names.iter().flat_map(|name| DeviceId::parse(name));
            Parameters::DeleteDevices(device_ids.collect())
        });
        match self
            .prove(ctx, requester, request, parameters.as_ref())
            .await?
        {
            Proof::Given(Parameters::DeleteDevices(device_ids)) => {
                self.take_away(requester, &device_ids).await
            }
            Proof::Given(_) => Err(DeviceError::DevicesMissing),
            Proof::Wanted(prompt) => Ok(RemoveOutcome::AuthRequired(prompt)),
        }
    }

    /// Has the requester proved who they are, now or before?
    async fn prove(
        &self,
        ctx: &RequestContext,
        requester: &Requester,
        request: &RemoveRequest<'_>,
        parameters: Option<&Parameters>,
    ) -> Result<Proof, DeviceError> {
        let core = &self.0;
        if let Some(parameters) = parameters.filter(|_| requester.is_trusted(core)) {
            return Ok(Proof::Given(parameters.clone()));
        }
        let has_password = requester.account.password_hash.is_some();
        let flows: Vec<Flow> = has_password
            .then(|| Flow::new([Stage::Password]))
            .into_iter()
            .collect();
        let operation = Operation {
            digest: request.operation,
            flows: &flows,
            enabled: &[Stage::Password],
            purposes: &[],
            requester: Some(&requester.account.localpart),
        };
        let attempt = Attempt {
            operation,
            auth: request.auth,
            parameters,
        };
        match gate::pass(core, ctx, &attempt).await? {
            Decision::Challenged(prompt) => Ok(Proof::Wanted(prompt)),
            Decision::Cleared(clearance) => {
                Ok(Proof::Given(clearance.session().parameters.clone()))
            }
        }
    }

    /// Removes the devices, and notes when the requester proved who they are: within
    /// `ui_auth.session_timeout` they are not asked again.
    async fn take_away(
        &self,
        requester: &Requester,
        device_ids: &[DeviceId],
    ) -> Result<RemoveOutcome, DeviceError> {
        let core = &self.0;
        core.retrying(|| async {
            let mut uow = core.ports.store.begin(Intent::Write).await?;
            if let Some(key) = requester.access_token() {
                uow.tokens().mark_access_validated(key, core.now()).await?;
            }
            uow.devices()
                .remove(&requester.account.localpart, device_ids)
                .await?;
            uow.commit().await?;
            Ok(RemoveOutcome::Removed)
        })
        .await
    }
}

/// Whether the requester has proved who they are.
enum Proof {
    /// Yes; this is what they want to do.
    Given(Parameters),
    /// Not yet.
    Wanted(UiaPrompt),
}
