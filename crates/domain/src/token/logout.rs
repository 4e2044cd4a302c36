//! `POST /logout` and `POST /logout/all`.

use std::sync::Arc;

use super::authenticate::Requester;
use crate::core::Core;
use crate::ports::{Intent, StoreError};

/// The use-case.
#[derive(Clone)]
pub struct Logout(Arc<Core>);

impl Logout {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self(core)
    }

    /// Ends one login: the device with all its tokens, or a token without a device alone.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn one(&self, requester: &Requester) -> Result<(), StoreError> {
        let core = &self.0;
        core.retrying(|| async {
            let mut uow = core.ports.store.begin(Intent::Write).await?;
            match &requester.device_id {
                Some(device_id) => {
                    let localpart = &requester.account.localpart;
                    uow.devices()
                        .remove(localpart, std::slice::from_ref(device_id))
                        .await?;
                }
                None => uow.tokens().remove_access(requester.access_token).await?,
            }
            uow.commit().await
        })
        .await
    }

    /// Ends every login of an account: all devices, then all tokens.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn all(&self, requester: &Requester) -> Result<(), StoreError> {
        let core = &self.0;
        let localpart = &requester.account.localpart;
        core.retrying(|| async {
            let mut uow = core.ports.store.begin(Intent::Write).await?;
            uow.devices().remove_all(localpart).await?;
            uow.tokens().remove_all(localpart).await?;
            uow.commit().await
        })
        .await
    }
}
