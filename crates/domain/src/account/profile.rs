//! `GET /profile/{userId}/displayname`: what an account calls itself.

use std::sync::Arc;

use crate::core::Core;
use crate::id::UserId;
use crate::ports::{Intent, StoreError};

/// The use-case.
#[derive(Clone)]
pub struct Profiles(Arc<Core>);

impl Profiles {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self(core)
    }

    /// The display name of an account, which may be unset. `None` when there is no such account here,
    /// or it is closed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn display_name(&self, user_id: &str) -> Result<Option<Option<String>>, StoreError> {
        let core = &self.0;
        let named = user_id.starts_with('@');
        let Some(localpart) =
            UserId::read_local(user_id, &core.policy.server_name).filter(|_| named)
        else {
            return Ok(None);
        };
        let mut uow = core.ports.store.begin(Intent::Read).await?;
        let account = uow.accounts().find(&localpart).await?;
        Ok(account
            .filter(|account| !account.deactivated)
            .map(|account| account.display_name))
    }
}
