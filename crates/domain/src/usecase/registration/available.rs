//! `GET /register/available`: could somebody register this name now? Administrators ask it as
//! `GET /_synapse/admin/v1/username_available`.
//!
//! See `docs/BEHAVIOR.md` §6. The order of the checks is visible to clients and is the order of the
//! code.

use std::sync::Arc;

use crate::model::context::RequestContext;
use crate::model::given::Given;
use crate::model::limit::LimitExceeded;
use crate::ports::{Intent, StoreError};
use crate::usecase::name::{self, Claims, NameError};
use crate::usecase::shared::Shared;
use crate::usecase::token::authenticate::Administrator;

/// The use-case.
#[derive(Clone)]
pub struct Availability(Arc<Shared>);

/// Why the name is not available, or why the question was not answered.
#[derive(Debug, thiserror::Error)]
pub enum AvailabilityError {
    /// `enable_registration` is off.
    #[error("registration is disabled on this server")]
    Closed,
    /// Too many questions from this client.
    #[error(transparent)]
    Limited(#[from] LimitExceeded),
    /// No `username` was asked about.
    #[error("the query parameter `username` is missing")]
    UsernameMissing,
    /// The `username` holds characters outside ASCII.
    #[error("the query parameter `username` must be ASCII")]
    UsernameNotAscii,
    /// The name cannot be registered.
    #[error(transparent)]
    Name(#[from] NameError),
}

impl From<StoreError> for AvailabilityError {
    fn from(error: StoreError) -> Self {
        Self::Name(error.into())
    }
}

impl Availability {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self(shared)
    }

    /// Succeeds when the name is available. With `inhibit_user_in_use_error` every name is.
    ///
    /// The name is taken as it is, without lower-casing, although `POST /register` would fold it.
    ///
    /// # Errors
    /// [`AvailabilityError`].
    pub async fn check(
        &self,
        ctx: &RequestContext,
        username: &Given<String>,
    ) -> Result<(), AvailabilityError> {
        let shared = &self.0;
        if !shared.policy.registration.enabled {
            return Err(AvailabilityError::Closed);
        }
        if shared.policy.registration.inhibit_user_in_use_error {
            return Ok(());
        }
        let _turn = shared.ports.pacer.admit(&ctx.limit_key()).await?;
        self.is_free(username).await
    }

    /// The same for an administrator, whose questions are answered in any case: also while
    /// registration is closed, and at once.
    ///
    /// # Errors
    /// [`AvailabilityError`].
    pub async fn check_for(
        &self,
        _admin: &Administrator,
        username: &Given<String>,
    ) -> Result<(), AvailabilityError> {
        self.is_free(username).await
    }

    async fn is_free(&self, username: &Given<String>) -> Result<(), AvailabilityError> {
        let shared = &self.0;
        let username = username
            .optional(AvailabilityError::UsernameNotAscii)?
            .ok_or(AvailabilityError::UsernameMissing)?;

        let localpart = name::parse(shared, username)?;
        let mut uow = shared.ports.store.begin(Intent::Read).await?;
        name::check(&mut *uow, shared, &localpart, Claims::default()).await?;
        Ok(())
    }
}
