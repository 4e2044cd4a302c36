//! Refusals of registration and login, and of the end of an account.

use registrar_domain::model::device::DisplayNameError;
use registrar_domain::model::id::DeviceIdError;
use registrar_domain::model::password::strength::WeakPassword;
use registrar_domain::ports::HashError;
use registrar_domain::usecase::account::change_password::ChangePasswordError;
use registrar_domain::usecase::account::consent::ConsentError;
use registrar_domain::usecase::account::deactivate::own::DeactivationError;
use registrar_domain::usecase::account::profile::ProfileError;
use registrar_domain::usecase::credentials::CredentialError;
use registrar_domain::usecase::credentials::identifier::IdentifierError;
use registrar_domain::usecase::login::LoginError;
use registrar_domain::usecase::password::NewPasswordError;
use registrar_domain::usecase::registration::RegisterError;
use registrar_domain::usecase::usage::UsageError;

use http::StatusCode;

use crate::error::{ErrCode, MatrixError, SoftLogout};

impl From<RegisterError> for MatrixError {
    fn from(error: RegisterError) -> Self {
        let message = error.to_string();
        match error {
            RegisterError::Limited(error) => error.into(),
            RegisterError::UnknownKind(_) => Self::bad_request(ErrCode::Unrecognized, message),
            RegisterError::GuestsForbidden => Self::forbidden(ErrCode::Unknown, message),
            RegisterError::KindNotAscii
            | RegisterError::RefreshTokenNotBoolean
            | RegisterError::UsernameUnreadable
            | RegisterError::AppserviceTokenMissing
            | RegisterError::AppserviceUsernameMissing
            | RegisterError::AccessTokenGiven
            | RegisterError::PasswordUnreadable => Self::bad_request(ErrCode::Unknown, message),
            RegisterError::AppserviceTokenMalformed => missing_token(message),
            RegisterError::AppserviceTokenUnknown => Self::unknown_token(SoftLogout::No, message),
            RegisterError::AppserviceNameForeign => Self::bad_request(ErrCode::Exclusive, message),
            RegisterError::Closed => Self::forbidden(ErrCode::Forbidden, message),
            RegisterError::PasswordWithNul | RegisterError::MalformedField(_) => {
                Self::bad_request(ErrCode::InvalidParam, message)
            }
            RegisterError::WeakPassword(error) => error.into(),
            RegisterError::DeviceId(error) => error.into(),
            RegisterError::Name(error) => error.into(),
            RegisterError::Gate(error) => error.into(),
            RegisterError::Rule(error) => error.into(),
            RegisterError::DisplayName(error) => error.into(),
            RegisterError::Deactivated => Self::forbidden(ErrCode::UserDeactivated, message),
            RegisterError::PasswordMissing => Self::bad_request(ErrCode::MissingParam, message),
            RegisterError::ThreepidTaken(_) => Self::bad_request(ErrCode::ThreepidInUse, message),
            RegisterError::Usage(error) => error.into(),
            RegisterError::NoNumberFree => Self::internal(&error),
            RegisterError::Hash(error) => error.into(),
            RegisterError::Store(error) => error.into(),
        }
    }
}

impl From<ProfileError> for MatrixError {
    fn from(error: ProfileError) -> Self {
        let message = error.to_string();
        match error {
            ProfileError::Hidden => Self::forbidden(ErrCode::Forbidden, message),
            ProfileError::Unknown => Self::new(StatusCode::NOT_FOUND, ErrCode::NotFound, message),
            ProfileError::Store(error) => error.into(),
        }
    }
}

impl From<LoginError> for MatrixError {
    fn from(error: LoginError) -> Self {
        let message = error.to_string();
        match error {
            LoginError::RefreshTokenNotBoolean
            | LoginError::TypeMissing
            | LoginError::PasswordLoginDisabled
            | LoginError::UnknownType => Self::bad_request(ErrCode::Unknown, message),
            LoginError::AppserviceTokenMissing => missing_token(message),
            LoginError::AppserviceTokenUnknown => Self::unknown_token(SoftLogout::No, message),
            LoginError::AppserviceUserForeign => Self::forbidden(ErrCode::Forbidden, message),
            LoginError::AppserviceUserUnknown => {
                Self::new(StatusCode::NOT_FOUND, ErrCode::Unknown, message)
            }
            LoginError::Limited(error) => error.into(),
            LoginError::MalformedField(_) => Self::bad_request(ErrCode::InvalidParam, message),
            LoginError::Identifier(error) => error.into(),
            LoginError::Credential(error) => error.into(),
            LoginError::DeviceId(error) => error.into(),
            LoginError::DisplayName(error) => error.into(),
            LoginError::Usage(error) => error.into(),
            LoginError::Store(error) => error.into(),
        }
    }
}

impl From<ChangePasswordError> for MatrixError {
    fn from(error: ChangePasswordError) -> Self {
        let message = error.to_string();
        match error {
            ChangePasswordError::NewPassword(error) => error.into(),
            ChangePasswordError::MalformedField(_) => {
                Self::bad_request(ErrCode::InvalidParam, message)
            }
            ChangePasswordError::Gate(error) => error.into(),
            ChangePasswordError::NobodyHasAddress(_) => {
                Self::new(StatusCode::NOT_FOUND, ErrCode::NotFound, message)
            }
            ChangePasswordError::PasswordMissing => {
                Self::bad_request(ErrCode::MissingParam, message)
            }
            ChangePasswordError::PasswordsDisabled => Self::forbidden(ErrCode::Forbidden, message),
            ChangePasswordError::Hash(error) => error.into(),
            ChangePasswordError::Deactivated => Self::forbidden(ErrCode::UserDeactivated, message),
            ChangePasswordError::Store(error) => error.into(),
        }
    }
}

impl From<DeactivationError> for MatrixError {
    fn from(error: DeactivationError) -> Self {
        let message = error.to_string();
        match error {
            DeactivationError::MalformedField(_) => {
                Self::bad_request(ErrCode::InvalidParam, message)
            }
            DeactivationError::Gate(error) => error.into(),
            DeactivationError::Store(error) => error.into(),
        }
    }
}

impl From<NewPasswordError> for MatrixError {
    fn from(error: NewPasswordError) -> Self {
        let message = error.to_string();
        match error {
            NewPasswordError::Unreadable => Self::bad_request(ErrCode::Unknown, message),
            NewPasswordError::Nul => Self::bad_request(ErrCode::InvalidParam, message),
            NewPasswordError::Weak(error) => error.into(),
        }
    }
}

impl From<IdentifierError> for MatrixError {
    fn from(error: IdentifierError) -> Self {
        let message = error.to_string();
        match error {
            IdentifierError::Missing
            | IdentifierError::Malformed
            | IdentifierError::BadPhone
            | IdentifierError::BadThreepid => Self::bad_request(ErrCode::InvalidParam, message),
            IdentifierError::TypeMissing => Self::bad_request(ErrCode::MissingParam, message),
            IdentifierError::BadEmail
            | IdentifierError::UnknownType
            | IdentifierError::UserMissing => Self::bad_request(ErrCode::Unknown, message),
            IdentifierError::Store(error) => error.into(),
        }
    }
}

impl From<CredentialError> for MatrixError {
    fn from(error: CredentialError) -> Self {
        let message = error.to_string();
        match error {
            CredentialError::Limited(error) => error.into(),
            CredentialError::Wrong => Self::forbidden(ErrCode::Forbidden, message),
            CredentialError::Deactivated => Self::forbidden(ErrCode::UserDeactivated, message),
            CredentialError::Hash(error) => error.into(),
            CredentialError::Store(error) => error.into(),
        }
    }
}

impl From<HashError> for MatrixError {
    fn from(error: HashError) -> Self {
        match error {
            HashError::Busy { retry_after_ms } => Self::limit_exceeded(retry_after_ms),
            HashError::UnusableHash(_) | HashError::Failed(_) => Self::internal(&error),
        }
    }
}

impl From<WeakPassword> for MatrixError {
    fn from(error: WeakPassword) -> Self {
        let errcode = match error {
            WeakPassword::TooShort { .. } => ErrCode::PasswordTooShort,
            WeakPassword::NoDigit => ErrCode::PasswordNoDigit,
            WeakPassword::NoSymbol => ErrCode::PasswordNoSymbol,
            WeakPassword::NoUppercase => ErrCode::PasswordNoUppercase,
            WeakPassword::NoLowercase => ErrCode::PasswordNoLowercase,
        };
        Self::bad_request(errcode, error.to_string())
    }
}

impl From<DeviceIdError> for MatrixError {
    fn from(error: DeviceIdError) -> Self {
        match error {
            DeviceIdError::TooLong | DeviceIdError::Nul => {
                Self::bad_request(ErrCode::InvalidParam, error.to_string())
            }
        }
    }
}

impl From<DisplayNameError> for MatrixError {
    fn from(error: DisplayNameError) -> Self {
        let errcode = match error {
            DisplayNameError::TooLong => ErrCode::TooLarge,
            DisplayNameError::Nul => ErrCode::InvalidParam,
        };
        Self::bad_request(errcode, error.to_string())
    }
}

impl From<UsageError> for MatrixError {
    fn from(error: UsageError) -> Self {
        let message = error.to_string();
        match error {
            UsageError::Disabled(disabled) => {
                Self::resource_limit("hs_disabled", disabled.admin_contact, message)
            }
            UsageError::Full { admin_contact } => {
                Self::resource_limit("monthly_active_user", admin_contact, message)
            }
            UsageError::Store(error) => error.into(),
        }
    }
}

impl From<ConsentError> for MatrixError {
    fn from(error: ConsentError) -> Self {
        let message = error.to_string();
        match error {
            ConsentError::NotAscii(_) => Self::bad_request(ErrCode::Unknown, message),
            ConsentError::Missing(_) => Self::bad_request(ErrCode::MissingParam, message),
            ConsentError::WrongMac => Self::forbidden(ErrCode::Forbidden, message),
            ConsentError::NoPolicy | ConsentError::UnknownUser | ConsentError::UnknownVersion => {
                Self::new(StatusCode::NOT_FOUND, ErrCode::NotFound, message)
            }
            ConsentError::Store(error) => error.into(),
        }
    }
}

fn missing_token(message: String) -> MatrixError {
    MatrixError::new(StatusCode::UNAUTHORIZED, ErrCode::MissingToken, message)
}
