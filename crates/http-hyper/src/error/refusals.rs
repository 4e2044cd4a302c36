//! What the refusals of use-cases are on the wire. Exhaustive on purpose: a new refusal does not
//! compile until it has a status and a code.

mod account;
mod admin;
mod session;
mod threepid;

use registrar_domain::model::limit::LimitExceeded;
use registrar_domain::ports::StoreError;
use registrar_domain::ports::store::StoreErrorKind;
use registrar_domain::usecase::name::NameError;
use registrar_domain::usecase::registration::available::AvailabilityError;

use super::{ErrCode, MatrixError, SoftLogout};

/// When to come back after the database was busy or away, in milliseconds.
const DATABASE_RETRY_MS: u64 = 1000;

impl From<StoreError> for MatrixError {
    fn from(error: StoreError) -> Self {
        match error.kind {
            StoreErrorKind::Contended | StoreErrorKind::Unavailable => {
                Self::unavailable(&error, DATABASE_RETRY_MS)
            }
            // Logged by the store, once: every request meets it.
            StoreErrorKind::Lost => Self::busy(DATABASE_RETRY_MS),
            StoreErrorKind::Conflict(_)
            | StoreErrorKind::Corrupt { .. }
            | StoreErrorKind::Other => Self::internal(&error),
        }
    }
}

impl From<LimitExceeded> for MatrixError {
    fn from(error: LimitExceeded) -> Self {
        Self::limit_exceeded(error.retry_after_ms)
    }
}

impl From<NameError> for MatrixError {
    fn from(error: NameError) -> Self {
        let message = error.to_string();
        match error {
            NameError::Invalid(_) | NameError::Numeric => {
                Self::bad_request(ErrCode::InvalidUsername, message)
            }
            NameError::DifferentUserRegistered => Self::bad_request(ErrCode::Unknown, message),
            NameError::Reserved | NameError::Exclusive => {
                Self::bad_request(ErrCode::Exclusive, message)
            }
            NameError::Taken => Self::bad_request(ErrCode::UserInUse, message),
            NameError::GuestMismatch => Self::forbidden(ErrCode::Forbidden, message),
            NameError::GuestTokenUnknown => Self::unknown_token(SoftLogout::No, message),
            NameError::GuestTokenExpired => Self::unknown_token(SoftLogout::Yes, message),
            NameError::Store(error) => error.into(),
        }
    }
}

impl From<AvailabilityError> for MatrixError {
    fn from(error: AvailabilityError) -> Self {
        let message = error.to_string();
        match error {
            AvailabilityError::Closed => Self::forbidden(ErrCode::Forbidden, message),
            AvailabilityError::Limited(error) => error.into(),
            AvailabilityError::UsernameMissing => Self::bad_request(ErrCode::MissingParam, message),
            AvailabilityError::UsernameNotAscii => Self::bad_request(ErrCode::Unknown, message),
            AvailabilityError::Name(error) => error.into(),
        }
    }
}
