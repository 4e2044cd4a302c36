use crate::model::threepid::{ClientSecretError, EmailAddressError, Medium};
use crate::ports::{HookError, IdentityServerError, StoreError};
use crate::usecase::retry::MaybeStore;
use crate::usecase::uia::gate::GateError;

/// Why an account's identifiers stay as they are. The order of the variants is the order of the checks.
#[derive(Debug, thiserror::Error)]
pub enum ThreepidError {
    /// `enable_3pid_changes` is off.
    #[error("addresses of accounts cannot be changed on this server")]
    ChangesForbidden,
    /// A parameter is missing.
    #[error("`{0}` is missing")]
    ParameterMissing(&'static str),
    /// A field has the wrong type or a value that cannot be used.
    #[error("`{0}` has the wrong type or cannot be used")]
    MalformedField(&'static str),
    /// The client secret cannot be read.
    #[error(transparent)]
    ClientSecret(#[from] ClientSecretError),
    /// The email address cannot be read.
    #[error(transparent)]
    Email(#[from] EmailAddressError),
    /// This server asks no identity server that a client names.
    #[error("this server does not work with that identity server")]
    ServerNotTrusted,
    /// User-interactive authentication failed.
    #[error(transparent)]
    Gate(#[from] GateError),
    /// There is no such proof, or it was used already.
    #[error("the address has not been validated")]
    NotValidated,
    /// The operator does not want such addresses.
    #[error("this {} may not be used on this server", .0.noun())]
    Denied(Medium),
    /// The address belongs to another account.
    #[error("this {} is already in use", .0.noun())]
    InUse(Medium),
    /// The account has been closed.
    #[error("this account has been deactivated")]
    Deactivated,
    /// The identity server gave no usable answer.
    #[error(transparent)]
    IdentityServer(#[from] IdentityServerError),
    /// The operator's own rules could not be asked.
    #[error(transparent)]
    Hook(#[from] HookError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl MaybeStore for ThreepidError {
    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            Self::Gate(error) => error.store_error(),
            _ => None,
        }
    }
}
