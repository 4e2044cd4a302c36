//! Refusals around tokens, devices and user-interactive authentication.

use http::StatusCode;
use registrar_domain::model::uia::StageFailure;
use registrar_domain::usecase::device::DeviceError;
use registrar_domain::usecase::token::authenticate::AuthenticateError;
use registrar_domain::usecase::token::logout::LogoutError;
use registrar_domain::usecase::token::refresh::RefreshError;
use registrar_domain::usecase::uia::gate::GateError;

use crate::error::{ErrCode, MatrixError, SoftLogout};

impl From<AuthenticateError> for MatrixError {
    fn from(error: AuthenticateError) -> Self {
        let message = error.to_string();
        match error {
            AuthenticateError::Missing | AuthenticateError::Malformed => {
                Self::new(StatusCode::UNAUTHORIZED, ErrCode::MissingToken, message)
            }
            AuthenticateError::Unknown => Self::unknown_token(SoftLogout::No, message),
            AuthenticateError::Expired => Self::unknown_token(SoftLogout::Yes, message),
            AuthenticateError::GuestForbidden => {
                Self::forbidden(ErrCode::GuestAccessForbidden, message)
            }
            AuthenticateError::AppserviceUserForeign | AuthenticateError::NotAdministrator => {
                Self::forbidden(ErrCode::Forbidden, message)
            }
            AuthenticateError::AppserviceDeviceUnknown => {
                Self::bad_request(ErrCode::UnknownDevice, message)
            }
            AuthenticateError::Store(error) => error.into(),
        }
    }
}

impl From<LogoutError> for MatrixError {
    fn from(error: LogoutError) -> Self {
        match error {
            LogoutError::ApplicationService => {
                Self::forbidden(ErrCode::Forbidden, error.to_string())
            }
            LogoutError::Store(error) => error.into(),
        }
    }
}

impl From<RefreshError> for MatrixError {
    fn from(error: RefreshError) -> Self {
        let message = error.to_string();
        match error {
            RefreshError::SwitchedOff => Self::unrecognized(),
            RefreshError::Missing => Self::bad_request(ErrCode::MissingParam, message),
            RefreshError::Malformed => Self::bad_request(ErrCode::InvalidParam, message),
            // Without `soft_logout`: it says what to do with an access token, and there is none
            // here.
            RefreshError::Unknown => {
                Self::new(StatusCode::UNAUTHORIZED, ErrCode::UnknownToken, message)
            }
            RefreshError::Superseded | RefreshError::Expired | RefreshError::SessionExpired => {
                Self::forbidden(ErrCode::Forbidden, message)
            }
            RefreshError::Usage(error) => error.into(),
            RefreshError::Store(error) => error.into(),
        }
    }
}

impl From<GateError> for MatrixError {
    fn from(error: GateError) -> Self {
        let message = error.to_string();
        match error {
            GateError::MalformedAuth => Self::bad_request(ErrCode::BadJson, message),
            GateError::UnknownSession => Self::bad_request(ErrCode::Unknown, message),
            GateError::OperationChanged => Self::forbidden(ErrCode::Unknown, message),
            // Synapse takes an unknown stage for a login, and complains about the first thing
            // that a login would lack.
            GateError::UnknownStage {
                with_identity: false,
            }
            | GateError::MalformedField(_)
            | GateError::ClientSecret(_) => Self::bad_request(ErrCode::InvalidParam, message),
            GateError::UnknownStage {
                with_identity: true,
            }
            | GateError::PasswordLoginDisabled => Self::bad_request(ErrCode::Unknown, message),
            GateError::MissingField(_) => Self::bad_request(ErrCode::MissingParam, message),
            GateError::IdentityServer(error) => error.into(),
            GateError::Captcha(error) => error.into(),
            GateError::AnotherUser | GateError::Withdrawn => {
                Self::forbidden(ErrCode::Forbidden, message)
            }
            GateError::Identifier(error) => error.into(),
            GateError::Credential(error) => error.into(),
            GateError::Limited(error) => error.into(),
            GateError::Hash(error) => error.into(),
            GateError::Store(error) => error.into(),
        }
    }
}

/// The code stands inside the 401 that goes on with the UIA session.
impl From<StageFailure> for ErrCode {
    fn from(failure: StageFailure) -> Self {
        match failure {
            StageFailure::WrongPassword => Self::Forbidden,
            StageFailure::CaptchaMissing => Self::CaptchaNeeded,
            StageFailure::TokenMissing
            | StageFailure::SessionMissing
            | StageFailure::CredentialsMissing => Self::MissingParam,
            StageFailure::TokenUnreadable | StageFailure::TokenChanged => Self::InvalidParam,
            StageFailure::TokenInvalid
            | StageFailure::CaptchaRejected
            | StageFailure::NotValidated
            | StageFailure::WrongMedium => Self::Unauthorized,
        }
    }
}

impl From<DeviceError> for MatrixError {
    fn from(error: DeviceError) -> Self {
        let message = error.to_string();
        match error {
            DeviceError::NotFound => Self::new(StatusCode::NOT_FOUND, ErrCode::NotFound, message),
            DeviceError::DisplayName(error) => error.into(),
            DeviceError::DevicesMissing => Self::bad_request(ErrCode::MissingParam, message),
            DeviceError::MalformedField(_) => Self::bad_request(ErrCode::InvalidParam, message),
            DeviceError::Gate(error) => error.into(),
            DeviceError::Store(error) => error.into(),
        }
    }
}
