//! `/_synapse/admin/v1/registration_tokens`: operators make, look at, change and remove tokens.

use std::sync::Arc;

use crate::model::given::Given;
use crate::model::registration_token::{RegistrationToken, RegistrationTokenId};
use crate::model::time::Timestamp;
use crate::ports::store::{Change, Constraint};
use crate::ports::{Intent, StoreError};
use crate::usecase::retry::MaybeStore;
use crate::usecase::shared::Shared;
use crate::usecase::token::authenticate::Administrator;

/// The length of a token that the server makes up, unless told otherwise, in characters: 96 bits, as in
/// Synapse. People type it, and guesses are limited for the whole deployment.
const DEFAULT_LENGTH: i64 = 16;
/// How many made-up tokens may turn out to exist.
const GENERATE_ATTEMPTS: usize = 3;

/// The use-case.
#[derive(Clone)]
pub struct TokenAdmin(Arc<Shared>);

/// `POST …/new`, as sent.
#[derive(Clone, Debug, Default)]
pub struct NewToken {
    /// `token`; one is made up without it.
    pub token: Given<String>,
    /// `length` of a made-up token.
    pub length: Given<i64>,
    /// `uses_allowed`.
    pub uses_allowed: Given<i64>,
    /// `expiry_time`, Unix milliseconds.
    pub expiry_time: Given<i64>,
}

/// `PUT …/{token}`, as sent. Absent means unchanged, `null` means without limit.
#[derive(Clone, Debug, Default)]
pub struct TokenChanges {
    /// `uses_allowed`.
    pub uses_allowed: Given<i64>,
    /// `expiry_time`, Unix milliseconds.
    pub expiry_time: Given<i64>,
}

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum TokenAdminError {
    /// `valid` is neither `true` nor `false`.
    #[error("the query parameter `valid` must be `true` or `false`")]
    ValidUnreadable,
    /// `token` is not of the grammar.
    #[error("`token` must be 1 to 64 characters of A-Z, a-z, 0-9 and . _ ~ -")]
    TokenUnreadable,
    /// `length` is not an integer from 1 to 64.
    #[error("`length` must be an integer from 1 to 64")]
    LengthUnreadable,
    /// `uses_allowed` is neither `null` nor a non-negative integer.
    #[error("`uses_allowed` must be null or a non-negative integer")]
    UsesUnreadable,
    /// `expiry_time` is neither `null` nor a moment to come.
    #[error("`expiry_time` must be null or a time to come, in milliseconds")]
    ExpiryUnreadable,
    /// There is a token like this.
    #[error("there is such a token already")]
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

    /// All tokens, or only those that are valid, or only the others; ordered by their text.
    ///
    /// # Errors
    /// [`TokenAdminError::ValidUnreadable`], [`TokenAdminError::Store`].
    pub async fn list(
        &self,
        _admin: &Administrator,
        valid: &Given<String>,
    ) -> Result<Vec<RegistrationToken>, TokenAdminError> {
        let valid = match valid {
            Given::Absent => None,
            Given::Value(text) if text == "true" => Some(true),
            Given::Value(text) if text == "false" => Some(false),
            Given::Null | Given::Malformed | Given::Value(_) => {
                return Err(TokenAdminError::ValidUnreadable);
            }
        };
        let now = self.0.now();
        let mut uow = self.0.ports.store.begin(Intent::Read).await?;
        let mut tokens = uow.registration_tokens().list().await?;
        tokens.retain(|token| valid.is_none_or(|valid| token.is_valid(now) == valid));
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
        let chosen = match &request.token {
            Given::Absent => None,
            Given::Value(text) => {
                let id = RegistrationTokenId::parse(text);
                Some(id.map_err(|_| TokenAdminError::TokenUnreadable)?)
            }
            Given::Null | Given::Malformed => return Err(TokenAdminError::TokenUnreadable),
        };
        let length = length(request)?;
        let uses_allowed = uses(&request.uses_allowed)?.flatten();
        let expires = expiry(&request.expiry_time, shared.now())?.flatten();
        if let Some(id) = chosen {
            return self
                .add(RegistrationToken::new(id, uses_allowed, expires))
                .await;
        }
        for _ in 0..GENERATE_ATTEMPTS {
            let id = RegistrationTokenId::generate(shared.entropy(), length);
            match self
                .add(RegistrationToken::new(id, uses_allowed, expires))
                .await
            {
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
        let uses_allowed = uses(&changes.uses_allowed)?.into();
        let expires = expiry(&changes.expiry_time, shared.now())?.into();
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
}

/// A token in a path: what is not of the grammar does not exist.
fn existing(token: &str) -> Result<RegistrationTokenId, TokenAdminError> {
    RegistrationTokenId::parse(token).map_err(|_| TokenAdminError::NotFound)
}

fn length(request: &NewToken) -> Result<usize, TokenAdminError> {
    let length = request
        .length
        .optional()
        .map_err(|_| TokenAdminError::LengthUnreadable)?;
    usize::try_from(length.copied().unwrap_or(DEFAULT_LENGTH))
        .ok()
        .filter(|length| (1..=RegistrationTokenId::MAX_CHARS).contains(length))
        .ok_or(TokenAdminError::LengthUnreadable)
}

/// `None` when the field is absent, `Some(None)` when it is `null`.
fn uses(field: &Given<i64>) -> Result<Option<Option<u32>>, TokenAdminError> {
    match field {
        Given::Absent => Ok(None),
        Given::Null => Ok(Some(None)),
        Given::Malformed => Err(TokenAdminError::UsesUnreadable),
        // The database counts in 32 bits with a sign, which no operator will miss.
        Given::Value(uses) => i32::try_from(*uses)
            .ok()
            .and_then(|uses| u32::try_from(uses).ok())
            .map(|uses| Some(Some(uses)))
            .ok_or(TokenAdminError::UsesUnreadable),
    }
}

/// `None` when the field is absent, `Some(None)` when it is `null`.
fn expiry(
    field: &Given<i64>,
    now: Timestamp,
) -> Result<Option<Option<Timestamp>>, TokenAdminError> {
    match field {
        Given::Absent => Ok(None),
        Given::Null => Ok(Some(None)),
        Given::Value(unix_ms) if *unix_ms >= now.unix_ms() => {
            Ok(Some(Some(Timestamp::from_unix_ms(*unix_ms))))
        }
        Given::Malformed | Given::Value(_) => Err(TokenAdminError::ExpiryUnreadable),
    }
}
