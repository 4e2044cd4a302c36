//! Refusals around third-party identifiers, and what becomes of the trouble of those who validate them.

use std::error::Error;

use http::StatusCode;
use registrar_domain::model::limit::LimitExceeded;
use registrar_domain::model::threepid::Purpose;
use registrar_domain::ports::{CaptchaError, HookError, IdentityServerError, MailError};
use registrar_domain::usecase::registration::RuleError;
use registrar_domain::usecase::threepid::manage::ThreepidError;
use registrar_domain::usecase::threepid::request::RequestTokenError;
use registrar_domain::usecase::threepid::submit::SubmitError;

use crate::error::{ErrCode, MatrixError};

/// When a client may ask again for a message after too many were under way, in milliseconds.
const BUSY_RETRY_AFTER_MS: u64 = 5_000;

impl From<RequestTokenError> for MatrixError {
    fn from(error: RequestTokenError) -> Self {
        let message = error.to_string();
        match error {
            RequestTokenError::EmailNotSupported
            | RequestTokenError::Email(_)
            | RequestTokenError::MsisdnNotSupported(
                Purpose::Registration | Purpose::PasswordReset,
            ) => Self::bad_request(ErrCode::Unknown, message),
            RequestTokenError::MsisdnNotSupported(Purpose::Addition) => {
                Self::bad_request(ErrCode::ThreepidMediumNotSupported, message)
            }
            RequestTokenError::RegistrationClosed => Self::forbidden(ErrCode::Forbidden, message),
            RequestTokenError::ChangesForbidden => Self::bad_request(ErrCode::Forbidden, message),
            RequestTokenError::ParametersMissing(_) => {
                Self::bad_request(ErrCode::MissingParam, message)
            }
            RequestTokenError::ClientSecret(_)
            | RequestTokenError::MalformedField(_)
            | RequestTokenError::PhoneNumber(_)
            | RequestTokenError::NextLink(_) => Self::bad_request(ErrCode::InvalidParam, message),
            RequestTokenError::Unreadable(_) => Self::bad_request(ErrCode::BadJson, message),
            RequestTokenError::Denied(_) => Self::forbidden(ErrCode::ThreepidDenied, message),
            RequestTokenError::Limited(error) => error.into(),
            RequestTokenError::InUse(_) => Self::bad_request(ErrCode::ThreepidInUse, message),
            RequestTokenError::NotFound(_) => Self::bad_request(ErrCode::ThreepidNotFound, message),
            RequestTokenError::StagesRequired(_) => Self::forbidden(ErrCode::Forbidden, message),
            RequestTokenError::CapReached { retry_after_ms, .. } => {
                Self::from(LimitExceeded { retry_after_ms }).with_message(message)
            }
            RequestTokenError::Busy => LimitExceeded {
                retry_after_ms: BUSY_RETRY_AFTER_MS,
            }
            .into(),
            RequestTokenError::Mail(error) => error.into(),
            RequestTokenError::IdentityServer(error) => error.into(),
            RequestTokenError::Hook(error) => error.into(),
            RequestTokenError::Store(error) => error.into(),
        }
    }
}

impl From<SubmitError> for MatrixError {
    fn from(error: SubmitError) -> Self {
        let message = error.to_string();
        match error {
            SubmitError::EmailNotSupported
            | SubmitError::MsisdnNotSupported
            | SubmitError::NotAscii(_)
            | SubmitError::Link(_)
            | SubmitError::CodeNotAccepted
            | SubmitError::IdentityServer(IdentityServerError::Refused(_)) => {
                Self::bad_request(ErrCode::Unknown, message)
            }
            SubmitError::ParameterMissing(_) => Self::bad_request(ErrCode::MissingParam, message),
            SubmitError::MalformedField(_) | SubmitError::ClientSecret(_) => {
                Self::bad_request(ErrCode::InvalidParam, message)
            }
            SubmitError::IdentityServer(error) => error.into(),
            SubmitError::Store(error) => error.into(),
        }
    }
}

impl From<ThreepidError> for MatrixError {
    fn from(error: ThreepidError) -> Self {
        let message = error.to_string();
        match error {
            ThreepidError::ChangesForbidden => Self::bad_request(ErrCode::Forbidden, message),
            ThreepidError::ParameterMissing(_) => Self::bad_request(ErrCode::MissingParam, message),
            ThreepidError::MalformedField(_) | ThreepidError::ClientSecret(_) => {
                Self::bad_request(ErrCode::InvalidParam, message)
            }
            ThreepidError::Email(_) => Self::bad_request(ErrCode::Unknown, message),
            ThreepidError::ServerNotTrusted => {
                Self::bad_request(ErrCode::ServerNotTrusted, message)
            }
            ThreepidError::Gate(error) => error.into(),
            ThreepidError::NotValidated => Self::bad_request(ErrCode::ThreepidAuthFailed, message),
            ThreepidError::Denied(_) => Self::forbidden(ErrCode::ThreepidDenied, message),
            ThreepidError::InUse(_) => Self::bad_request(ErrCode::ThreepidInUse, message),
            ThreepidError::Deactivated => Self::forbidden(ErrCode::UserDeactivated, message),
            ThreepidError::IdentityServer(error) => error.into(),
            ThreepidError::Hook(error) => error.into(),
            ThreepidError::Store(error) => error.into(),
        }
    }
}

impl From<RuleError> for MatrixError {
    fn from(error: RuleError) -> Self {
        let message = error.to_string();
        match error {
            RuleError::ThreepidDenied => Self::forbidden(ErrCode::ThreepidDenied, message),
            // Looks like a limit, so that programs which register accounts learn nothing.
            RuleError::Denied => {
                Self::new(StatusCode::TOO_MANY_REQUESTS, ErrCode::Unknown, message)
            }
            RuleError::Hook(error) => error.into(),
            RuleError::Store(error) => error.into(),
        }
    }
}

impl From<MailError> for MatrixError {
    fn from(error: MailError) -> Self {
        match error {
            MailError::Unaddressable(_) => {
                Self::bad_request(ErrCode::InvalidParam, error.to_string())
            }
            MailError::Transient(_) | MailError::Refused(_) | MailError::Compose(_) => {
                failed(&error, "the mail could not be sent, try again later")
            }
        }
    }
}

impl From<IdentityServerError> for MatrixError {
    fn from(error: IdentityServerError) -> Self {
        match error {
            IdentityServerError::TimedOut => {
                failed(&error, "the identity server did not answer in time")
            }
            IdentityServerError::Unaskable(_) => {
                Self::bad_request(ErrCode::InvalidParam, error.to_string())
            }
            IdentityServerError::Refused(_) | IdentityServerError::Unusable(_) => {
                failed(&error, "the identity server failed")
            }
        }
    }
}

impl From<CaptchaError> for MatrixError {
    fn from(error: CaptchaError) -> Self {
        match error {
            CaptchaError::TimedOut => {
                let refusal = failed(&error, "the captcha provider did not answer in time");
                Self {
                    status: StatusCode::GATEWAY_TIMEOUT,
                    ..refusal
                }
            }
            CaptchaError::Unusable(_) => failed(&error, "the captcha could not be verified"),
        }
    }
}

impl From<HookError> for MatrixError {
    fn from(error: HookError) -> Self {
        match error {
            HookError::Unaskable(_) => Self::bad_request(
                ErrCode::InvalidParam,
                "the request is too long to be checked",
            ),
            HookError::TimedOut | HookError::Unusable(_) => Self::internal(&error),
        }
    }
}

/// 500 for the failure of somebody whom this server depends on, which clients may know. Logs it with
/// all its causes.
fn failed(error: &(dyn Error + 'static), message: &'static str) -> MatrixError {
    let mut refusal = MatrixError::internal(error);
    refusal.body.error = message.into();
    refusal
}
