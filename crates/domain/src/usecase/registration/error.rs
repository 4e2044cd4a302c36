use super::rules::RuleError;
use crate::model::device::DisplayNameError;
use crate::model::id::DeviceIdError;
use crate::model::limit::LimitExceeded;
use crate::model::password::strength::WeakPassword;
use crate::model::threepid::Medium;
use crate::ports::{HashError, StoreError};
use crate::usecase::name::NameError;
use crate::usecase::password::NewPasswordError;
use crate::usecase::retry::MaybeStore;
use crate::usecase::uia::gate::GateError;
use crate::usecase::usage::UsageError;

/// Why `POST /register` registered nobody. The order of the variants is the order of the checks.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// Too many registrations from this address.
    #[error(transparent)]
    Limited(#[from] LimitExceeded),
    /// `kind` holds characters outside ASCII.
    #[error("the query parameter `kind` must be ASCII")]
    KindNotAscii,
    /// Neither `user` nor `guest`.
    #[error("`{0}` is not a kind of account")]
    UnknownKind(String),
    /// `allow_guest_access` is off.
    #[error("guest access is disabled on this server")]
    GuestsForbidden,
    /// `refresh_token` is not a boolean.
    #[error("`refresh_token` must be a boolean")]
    RefreshTokenNotBoolean,
    /// `username` is not a string, or too long to be looked at.
    #[error("`username` must be a string of at most 512 characters")]
    UsernameUnreadable,
    /// An application service must present its token.
    #[error("an application service must present its access token")]
    AppserviceTokenMissing,
    /// The token of an application service came in a form that cannot be read.
    #[error("send the access token once, as `Authorization: Bearer …` or as `access_token`")]
    AppserviceTokenMalformed,
    /// An application service must say whom it registers.
    #[error("`username` is missing")]
    AppserviceUsernameMissing,
    /// The token is not that of an application service.
    #[error("the access token does not belong to an application service")]
    AppserviceTokenUnknown,
    /// The user is none of the application service's.
    #[error("this user ID is not in a namespace of the application service")]
    AppserviceNameForeign,
    /// Only application services may send an access token.
    #[error("an access token may only be sent by application services")]
    AccessTokenGiven,
    /// `enable_registration` is off.
    #[error("registration is disabled on this server")]
    Closed,
    /// `password` is not a string, or longer than 512 characters.
    #[error("`password` must be a string of at most 512 characters")]
    PasswordUnreadable,
    /// `password` holds a NUL character.
    #[error("`password` may not contain a NUL character")]
    PasswordWithNul,
    /// The operator asks for a better password.
    #[error(transparent)]
    WeakPassword(#[from] WeakPassword),
    /// A field has the wrong type.
    #[error("`{0}` has the wrong type")]
    MalformedField(&'static str),
    /// The device ID cannot be used.
    #[error(transparent)]
    DeviceId(#[from] DeviceIdError),
    /// The name cannot be registered.
    #[error(transparent)]
    Name(#[from] NameError),
    /// User-interactive authentication failed.
    #[error(transparent)]
    Gate(#[from] GateError),
    /// The operator's rules stop it.
    #[error(transparent)]
    Rule(#[from] RuleError),
    /// The device's name cannot be used.
    #[error(transparent)]
    DisplayName(#[from] DisplayNameError),
    /// The session's account has been closed since.
    #[error("this account has been deactivated")]
    Deactivated,
    /// No password in this request, and none before.
    #[error("`password` is missing")]
    PasswordMissing,
    /// An address that was validated belongs to another account by now.
    #[error("this {} is already in use", .0.noun())]
    ThreepidTaken(Medium),
    /// The server is closed, or full.
    #[error(transparent)]
    Usage(#[from] UsageError),
    /// All numbers that were tried are taken as localparts.
    #[error("no free number was found for the account")]
    NoNumberFree,
    /// The password could not be hashed.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl RegisterError {
    /// Does somebody have the name or an address already?
    pub(super) fn is_taken(&self) -> bool {
        matches!(self, Self::Name(NameError::Taken) | Self::ThreepidTaken(_))
    }
}

impl MaybeStore for RegisterError {
    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error)
            | Self::Name(NameError::Store(error))
            | Self::Usage(UsageError::Store(error))
            | Self::Rule(RuleError::Store(error)) => Some(error),
            _ => None,
        }
    }
}

impl From<NewPasswordError> for RegisterError {
    fn from(error: NewPasswordError) -> Self {
        match error {
            NewPasswordError::Unreadable => Self::PasswordUnreadable,
            NewPasswordError::Nul => Self::PasswordWithNul,
            NewPasswordError::Weak(error) => Self::WeakPassword(error),
        }
    }
}
