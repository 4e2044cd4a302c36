//! `/_synapse/admin/v1/registration_tokens`: operators make, look at, change and remove tokens.

use std::sync::Arc;

use crate::model::registration_token::{
    RegistrationToken, RegistrationTokenId, RegistrationTokenLength,
};
use crate::model::time::Timestamp;
use crate::ports::store::{Change, Constraint};
use crate::ports::{Intent, StoreError};
use crate::usecase::retry::MaybeStore;
use crate::usecase::shared::Shared;
use crate::usecase::token::authenticate::Administrator;

/// How many made-up tokens may turn out to exist.
const GENERATE_ATTEMPTS: usize = 3;

/// The use-case.
#[derive(Clone)]
pub struct TokenAdmin(Arc<Shared>);

/// Which tokens are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TokenFilter {
    /// All.
    #[default]
    All,
    /// Those that can be used now.
    Valid,
    /// Those that cannot.
    Invalid,
}

/// A token that shall be made. The default is a random one without limits.
#[derive(Clone, Debug, Default)]
pub struct NewToken {
    /// The token; a random one is made up without it.
    pub id: Option<RegistrationTokenId>,
    /// The length of a made-up token.
    pub length: RegistrationTokenLength,
    /// How many registrations it allows; `None` for any number.
    pub uses_allowed: Option<u32>,
    /// Until when it is valid; `None` for ever.
    pub expires: Option<Timestamp>,
}

/// What changes about a token; `None` takes a limit away.
#[derive(Clone, Copy, Debug, Default)]
pub struct TokenChanges {
    /// How many registrations it allows, including completed ones.
    pub uses_allowed: Change<Option<u32>>,
    /// Until when it is valid.
    pub expires: Change<Option<Timestamp>>,
}

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum TokenAdminError {
    /// It would have expired already.
    #[error("`expiry_time` must be null or a time to come, in milliseconds")]
    ExpiryPast,
    /// There is a token like this.
    #[error("this token already exists")]
    Exists,
    /// There is no token like this.
    #[error("there is no such token")]
    NotFound,
    /// All made-up tokens exist: there are nearly as many tokens as texts of this length.
    #[error("no free token of this length was found")]
    NoneFree,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl MaybeStore for TokenAdminError {
    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}

impl TokenAdmin {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self(shared)
    }

    /// The tokens, ordered by their strings.
    ///
    /// # Errors
    /// [`TokenAdminError::Store`].
    pub async fn list(
        &self,
        _admin: &Administrator,
        filter: TokenFilter,
    ) -> Result<Vec<RegistrationToken>, TokenAdminError> {
        let now = self.0.now();
        let mut uow = self.0.ports.store.begin(Intent::Read).await?;
        let mut tokens = uow.registration_tokens().list().await?;
        tokens.retain(|token| match filter {
            TokenFilter::All => true,
            TokenFilter::Valid => token.is_valid(now),
            TokenFilter::Invalid => !token.is_valid(now),
        });
        Ok(tokens)
    }

    /// One token.
    ///
    /// # Errors
    /// [`TokenAdminError::NotFound`], [`TokenAdminError::Store`].
    pub async fn find(
        &self,
        _admin: &Administrator,
        token: &str,
    ) -> Result<RegistrationToken, TokenAdminError> {
        let id = existing(token)?;
        let mut uow = self.0.ports.store.begin(Intent::Read).await?;
        uow.registration_tokens()
            .find(&id)
            .await?
            .ok_or(TokenAdminError::NotFound)
    }

    /// Makes a token.
    ///
    /// # Errors
    /// [`TokenAdminError`].
    pub async fn create(
        &self,
        _admin: &Administrator,
        request: &NewToken,
    ) -> Result<RegistrationToken, TokenAdminError> {
        let shared = &self.0;
        self.check_expiry(request.expires)?;
        let new = |id| RegistrationToken::new(id, request.uses_allowed, request.expires);
        if let Some(id) = &request.id {
            return self.add(new(id.clone())).await;
        }
        for _ in 0..GENERATE_ATTEMPTS {
            let id = RegistrationTokenId::generate(shared.entropy(), request.length);
            match self.add(new(id)).await {
                Err(TokenAdminError::Exists) => {}
                done => return done,
            }
        }
        Err(TokenAdminError::NoneFree)
    }

    async fn add(&self, token: RegistrationToken) -> Result<RegistrationToken, TokenAdminError> {
        let shared = &self.0;
        shared
            .retrying(|| async {
                let mut uow = shared.ports.store.begin(Intent::Write).await?;
                uow.registration_tokens().add(&token).await?;
                uow.commit().await
            })
            .await
            .map_err(|error| {
                if error.is_conflict(Constraint::RegistrationTokenTaken) {
                    TokenAdminError::Exists
                } else {
                    error.into()
                }
            })?;
        Ok(token)
    }

    /// Changes what a token allows; less than what is used already makes it invalid.
    ///
    /// # Errors
    /// [`TokenAdminError`].
    pub async fn update(
        &self,
        _admin: &Administrator,
        token: &str,
        changes: &TokenChanges,
    ) -> Result<RegistrationToken, TokenAdminError> {
        let shared = &self.0;
        let TokenChanges {
            uses_allowed,
            expires,
        } = *changes;
        self.check_expiry(expires.into_option().flatten())?;
        let id = existing(token)?;
        shared
            .retrying(|| async {
                let mut uow = shared.ports.store.begin(Intent::Write).await?;
                let tokens = uow.registration_tokens();
                if uses_allowed != Change::Keep || expires != Change::Keep {
                    tokens.update(&id, uses_allowed, expires).await?;
                }
                let token = tokens.find(&id).await?.ok_or(TokenAdminError::NotFound)?;
                uow.commit().await?;
                Ok(token)
            })
            .await
    }

    /// Removes a token. Sessions that have passed the stage with it can still register.
    ///
    /// # Errors
    /// [`TokenAdminError::NotFound`], [`TokenAdminError::Store`].
    pub async fn remove(&self, _admin: &Administrator, token: &str) -> Result<(), TokenAdminError> {
        let shared = &self.0;
        let id = existing(token)?;
        shared
            .retrying(|| async {
                let mut uow = shared.ports.store.begin(Intent::Write).await?;
                if !uow.registration_tokens().remove(&id).await? {
                    return Err(TokenAdminError::NotFound);
                }
                Ok(uow.commit().await?)
            })
            .await
    }

    /// A token that expires must still be valid now.
    fn check_expiry(&self, expires: Option<Timestamp>) -> Result<(), TokenAdminError> {
        if expires.is_some_and(|expires| expires < self.0.now()) {
            return Err(TokenAdminError::ExpiryPast);
        }
        Ok(())
    }
}

/// A token in a path: what is not of the grammar does not exist.
fn existing(token: &str) -> Result<RegistrationTokenId, TokenAdminError> {
    RegistrationTokenId::parse(token).map_err(|_| TokenAdminError::NotFound)
}
