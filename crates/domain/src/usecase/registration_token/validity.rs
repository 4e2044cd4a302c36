//! `GET /register/m.login.registration_token/validity`: could somebody register with this token
//! now?
//!
//! See `docs/BEHAVIOR.md` §7.

use std::sync::Arc;

use crate::model::context::RequestContext;
use crate::model::given::Given;
use crate::model::limit::LimitExceeded;
use crate::model::registration_token::RegistrationTokenId;
use crate::ports::{Intent, StoreError};
use crate::usecase::shared::Shared;
use crate::usecase::uia::guess::Guess;

/// The use-case.
#[derive(Clone)]
pub struct TokenValidity(Arc<Shared>);

/// Why the question was not answered.
#[derive(Debug, thiserror::Error)]
pub enum TokenValidityError {
    /// Too many questions from this client.
    #[error(transparent)]
    Limited(#[from] LimitExceeded),
    /// `enable_registration` is off.
    #[error("registration is disabled on this server")]
    Closed,
    /// No `token` was asked about.
    #[error("the query parameter `token` is missing")]
    TokenMissing,
    /// The `token` holds characters outside ASCII.
    #[error("the query parameter `token` must be ASCII")]
    TokenNotAscii,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl TokenValidity {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self(shared)
    }

    /// Is the token good for another registration? Unknown ones are not; asking changes nothing.
    ///
    /// # Errors
    /// [`TokenValidityError`].
    pub async fn check(
        &self,
        ctx: &RequestContext,
        token: &Given<String>,
    ) -> Result<bool, TokenValidityError> {
        let shared = &self.0;
        shared
            .limits
            .registration_token_validity
            .charge(&ctx.limit_key(), shared.monotonic())?;
        if !shared.policy.registration.enabled {
            return Err(TokenValidityError::Closed);
        }
        let token = token.optional(TokenValidityError::TokenNotAscii)?;
        let token = token.ok_or(TokenValidityError::TokenMissing)?;
        let Ok(id) = RegistrationTokenId::parse(token) else {
            return Ok(false);
        };
        let guess = Guess::anywhere(shared, ctx)?;
        let mut uow = shared.ports.store.begin(Intent::Read).await?;
        let found = uow.registration_tokens().find(&id).await?;
        let valid = found.is_some_and(|token| token.is_valid(shared.now()));
        if valid {
            guess.was_right();
        }
        Ok(valid)
    }
}
