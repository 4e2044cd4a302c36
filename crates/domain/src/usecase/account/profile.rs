//! `GET /profile/{userId}/displayname`: what an account calls itself.

use std::sync::Arc;

use crate::model::id::UserId;
use crate::model::policy::ProfileReaders;
use crate::ports::{Intent, StoreError};
use crate::usecase::shared::Shared;
use crate::usecase::token::authenticate::Requester;

/// The use-case.
#[derive(Clone)]
pub struct Profiles(Arc<Shared>);

/// Why a profile is not shown. The order of the variants is the order of the checks.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// The operator does not let this requester read it, whether it exists or not.
    #[error("you may not see this profile")]
    Hidden,
    /// There is no such account here, or it is deactivated.
    #[error("there is no such user here")]
    Unknown,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Profiles {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self(shared)
    }

    /// Must requests for profiles carry an access token?
    pub fn requires_authentication(&self) -> bool {
        self.0.policy.accounts.profiles != ProfileReaders::Everybody
    }

    /// The display name of an account, which may be unset. `requester` is who asks, as far as that
    /// [is required](Self::requires_authentication).
    ///
    /// # Errors
    /// [`ProfileError`].
    pub async fn display_name(
        &self,
        requester: Option<&Requester>,
        user_id: &str,
    ) -> Result<Option<String>, ProfileError> {
        let shared = &self.0;
        let named = user_id.starts_with('@');
        let localpart = UserId::read_local(user_id, &shared.policy.server_name).filter(|_| named);
        let own = requester.map(|requester| &requester.account.localpart);
        let is_readable = match shared.policy.accounts.profiles {
            ProfileReaders::Everybody => true,
            ProfileReaders::Users => own.is_some(),
            ProfileReaders::Nobody => own.is_some() && own == localpart.as_ref(),
        };
        if !is_readable {
            return Err(ProfileError::Hidden);
        }
        let localpart = localpart.ok_or(ProfileError::Unknown)?;
        let mut uow = shared.ports.store.begin(Intent::Read).await?;
        let account = uow.accounts().find(&localpart).await?;
        let account = account.filter(|account| !account.deactivated);
        Ok(account.ok_or(ProfileError::Unknown)?.display_name)
    }
}
