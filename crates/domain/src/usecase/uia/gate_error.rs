//! Why the gate gives no answer of its own.

use crate::model::limit::LimitExceeded;
use crate::model::threepid::ClientSecretError;
use crate::ports::{CaptchaError, HashError, IdentityServerError, StoreError};
use crate::usecase::credentials::CredentialError;
use crate::usecase::credentials::identifier::IdentifierError;
use crate::usecase::retry::MaybeStore;

/// Why the session could not be continued. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum GateError {
    /// `auth` is neither an object nor `null`, or its `session` or `type` is not a string.
    #[error("`auth` must be an object with string fields `session` and `type`")]
    MalformedAuth,
    /// No such session, or no longer.
    #[error("the session is not known")]
    UnknownSession,
    /// The session was opened for another request target or method.
    #[error("the requested operation changed during interactive authentication")]
    OperationChanged,
    /// The stage does not exist, is not enabled, or has no place in this operation.
    #[error("the stage is not known")]
    UnknownStage {
        /// The client also named a person, as for a login.
        with_identity: bool,
    },
    /// A field of `auth` is missing.
    #[error("`{0}` is missing")]
    MissingField(&'static str),
    /// A field of `auth` is missing or has the wrong type.
    #[error("`{0}` is missing or has the wrong type")]
    MalformedField(&'static str),
    /// The client secret of a validation session cannot be read.
    #[error(transparent)]
    ClientSecret(#[from] ClientSecretError),
    /// The identity server gave no usable answer.
    #[error(transparent)]
    IdentityServer(#[from] IdentityServerError),
    /// The captcha provider gave no usable answer.
    #[error(transparent)]
    Captcha(#[from] CaptchaError),
    /// Passwords are switched off.
    #[error("password login is disabled on this server")]
    PasswordLoginDisabled,
    /// Another user answered, or the session was opened by another login, be it of the same user.
    #[error("the interactive authentication belongs to another login")]
    AnotherUser,
    /// The password that was proved is no longer the account's, or the login has ended.
    #[error("the password was changed, or this login ended, in the meantime")]
    Withdrawn,
    /// The person could not be identified.
    #[error(transparent)]
    Identifier(#[from] IdentifierError),
    /// The password could not be checked.
    #[error(transparent)]
    Credential(#[from] CredentialError),
    /// Too many attempts.
    #[error(transparent)]
    Limited(#[from] LimitExceeded),
    /// A password could not be hashed.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl MaybeStore for GateError {
    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}
