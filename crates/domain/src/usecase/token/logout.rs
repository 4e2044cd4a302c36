//! `POST /logout` and `POST /logout/all`.

use std::sync::Arc;

use super::authenticate::{Credential, Requester};
use crate::ports::{Intent, StoreError};
use crate::usecase::retry::MaybeStore;
use crate::usecase::shared::Shared;

/// The use-case.
#[derive(Clone)]
pub struct Logout(Arc<Shared>);

/// Why nobody was logged out.
#[derive(Debug, thiserror::Error)]
pub enum LogoutError {
    /// The `as_token` of an application service is no login, and stays good.
    #[error("application services cannot log out")]
    ApplicationService,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl MaybeStore for LogoutError {
    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            Self::ApplicationService => None,
        }
    }
}

impl Logout {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self(shared)
    }

    /// Ends one login: the device with all its tokens, or a token without a device alone.
    ///
    /// # Errors
    /// [`LogoutError`].
    pub async fn one(&self, requester: &Requester) -> Result<(), LogoutError> {
        let shared = &self.0;
        shared
            .retrying(|| async {
                let mut uow = shared.ports.store.begin(Intent::Write).await?;
                match (&requester.device_id, requester.credential) {
                    (Some(device_id), _) => {
                        let localpart = &requester.account.localpart;
                        uow.devices()
                            .remove(localpart, std::slice::from_ref(device_id))
                            .await?;
                    }
                    (None, Credential::AccessToken { key, .. }) => {
                        uow.tokens().remove_access(key).await?;
                    }
                    (None, Credential::ApplicationService) => {
                        return Err(LogoutError::ApplicationService);
                    }
                }
                Ok(uow.commit().await?)
            })
            .await
    }

    /// Ends every login of an account: all devices, then all tokens that belong to it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn all(&self, requester: &Requester) -> Result<(), StoreError> {
        let shared = &self.0;
        let localpart = &requester.account.localpart;
        shared
            .retrying(|| async {
                let mut uow = shared.ports.store.begin(Intent::Write).await?;
                uow.devices().remove_all(localpart).await?;
                uow.tokens().remove_all(localpart).await?;
                uow.commit().await
            })
            .await
    }
}
