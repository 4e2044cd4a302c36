//! Refusals around registration tokens and the admin API.

use http::StatusCode;
use registrar_domain::usecase::admin::UserAdminError;
use registrar_domain::usecase::registration::shared_secret::SharedSecretError;
use registrar_domain::usecase::registration_token::admin::TokenAdminError;
use registrar_domain::usecase::registration_token::validity::TokenValidityError;

use crate::error::{ErrCode, FieldError, MatrixError};

impl From<TokenValidityError> for MatrixError {
    fn from(error: TokenValidityError) -> Self {
        let message = error.to_string();
        match error {
            TokenValidityError::Limited(error) => error.into(),
            TokenValidityError::Closed => Self::forbidden(ErrCode::Forbidden, message),
            TokenValidityError::TokenMissing => Self::bad_request(ErrCode::MissingParam, message),
            TokenValidityError::TokenNotAscii => Self::bad_request(ErrCode::Unknown, message),
            TokenValidityError::Store(error) => error.into(),
        }
    }
}

impl From<TokenAdminError> for MatrixError {
    fn from(error: TokenAdminError) -> Self {
        let message = error.to_string();
        match error {
            TokenAdminError::ExpiryPast | TokenAdminError::Exists => {
                Self::bad_request(ErrCode::InvalidParam, message)
            }
            TokenAdminError::NotFound => {
                Self::new(StatusCode::NOT_FOUND, ErrCode::NotFound, message)
            }
            TokenAdminError::NoneFree => {
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, ErrCode::Unknown, message)
            }
            TokenAdminError::Store(error) => error.into(),
        }
    }
}

impl From<UserAdminError> for MatrixError {
    fn from(error: UserAdminError) -> Self {
        let message = error.to_string();
        match error {
            UserAdminError::NotAUserId => Self::bad_request(ErrCode::InvalidParam, message),
            UserAdminError::NotFound(_) => {
                Self::new(StatusCode::NOT_FOUND, ErrCode::NotFound, message)
            }
            UserAdminError::Forbidden | UserAdminError::PasswordsDisabled => {
                Self::forbidden(ErrCode::Forbidden, message)
            }
            UserAdminError::ThreepidInUse => Self::bad_request(ErrCode::ThreepidInUse, message),
            UserAdminError::Deactivated => Self::bad_request(ErrCode::UserDeactivated, message),
            UserAdminError::Foreign
            | UserAdminError::UnknownUserType
            | UserAdminError::NotDeactivated
            | UserAdminError::OwnDemotion
            | UserAdminError::OwnLogin => Self::bad_request(ErrCode::Unknown, message),
            UserAdminError::Name(error) => error.into(),
            UserAdminError::Hash(error) => error.into(),
            UserAdminError::Rule(error) => error.into(),
            UserAdminError::Store(error) => error.into(),
        }
    }
}

impl From<FieldError> for MatrixError {
    fn from(error: FieldError) -> Self {
        let errcode = match error {
            FieldError::Missing(_) => ErrCode::MissingParam,
            FieldError::NotBoolean(_) => ErrCode::BadJson,
            FieldError::BadValue(_) | FieldError::Unsupported(_) => ErrCode::Unknown,
            FieldError::Malformed(_)
            | FieldError::BadThreepid
            | FieldError::BadValidity
            | FieldError::BadToken
            | FieldError::BadLength
            | FieldError::BadUsesAllowed
            | FieldError::BadExpiryTime => ErrCode::InvalidParam,
        };
        Self::bad_request(errcode, error.to_string())
    }
}

impl From<SharedSecretError> for MatrixError {
    fn from(error: SharedSecretError) -> Self {
        let message = error.to_string();
        match error {
            SharedSecretError::Missing(_) => Self::bad_request(ErrCode::BadJson, message),
            SharedSecretError::SwitchedOff
            | SharedSecretError::UnknownNonce
            | SharedSecretError::Unreadable(_) => Self::bad_request(ErrCode::Unknown, message),
            SharedSecretError::WrongMac => Self::forbidden(ErrCode::Unknown, message),
            SharedSecretError::Name(error) => error.into(),
            SharedSecretError::DeviceId(error) => error.into(),
            SharedSecretError::DisplayName(error) => error.into(),
            SharedSecretError::Hash(error) => error.into(),
            SharedSecretError::Rule(error) => error.into(),
            SharedSecretError::Store(error) => error.into(),
        }
    }
}
