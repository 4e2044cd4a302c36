//! [`MatrixError`]: the error responses, and the only place that knows error codes.
//!
//! Spec: <https://spec.matrix.org/v1.16/client-server-api/#standard-error-response>

mod field;
mod refusals;

use std::borrow::Cow;
use std::error::Error;

use http::header::RETRY_AFTER;
use http::{HeaderValue, StatusCode};
use serde::Serialize;

pub use field::FieldError;

use crate::response::{self, Response};

/// An error response: a status, an error code, a message, and the fields that some codes add.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatrixError {
    status: StatusCode,
    // The keys of error bodies are sorted, so this order is the one on the wire.
    body: Body,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Body {
    // There with every limit of the operator's, as null when there is nobody to contact.
    #[serde(skip_serializing_if = "Option::is_none")]
    admin_contact: Option<Option<String>>,
    errcode: ErrCode,
    error: Cow<'static, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    soft_logout: Option<bool>,
}

impl MatrixError {
    /// An error with a status, a code and a message.
    pub fn new(
        status: StatusCode,
        errcode: ErrCode,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        let body = Body {
            admin_contact: None,
            errcode,
            error: message.into(),
            limit_type: None,
            retry_after_ms: None,
            soft_logout: None,
        };
        Self { status, body }
    }

    /// 400: the request is invalid.
    pub fn bad_request(errcode: ErrCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, errcode, message)
    }

    /// 403: the request is not allowed.
    pub fn forbidden(errcode: ErrCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::FORBIDDEN, errcode, message)
    }

    /// 401 `M_UNKNOWN_TOKEN`. With [`SoftLogout::Yes`] the client may keep its device and log in
    /// or refresh; otherwise it must discard its state.
    pub fn unknown_token(soft_logout: SoftLogout, message: impl Into<Cow<'static, str>>) -> Self {
        let mut error = Self::new(StatusCode::UNAUTHORIZED, ErrCode::UnknownToken, message);
        error.body.soft_logout = Some(soft_logout == SoftLogout::Yes);
        error
    }

    /// 429 `M_LIMIT_EXCEEDED`: the client may try again after so many milliseconds.
    pub fn limit_exceeded(retry_after_ms: u64) -> Self {
        Self::new(
            StatusCode::TOO_MANY_REQUESTS,
            ErrCode::LimitExceeded,
            "too many requests, try again later",
        )
        .retry_after_ms(retry_after_ms)
    }

    /// 403 `M_RESOURCE_LIMIT_EXCEEDED`: the operator has disabled the server, or it is full.
    pub fn resource_limit(
        limit_type: &'static str,
        admin_contact: Option<String>,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        let mut error = Self::forbidden(ErrCode::ResourceLimitExceeded, message);
        error.body.limit_type = Some(limit_type);
        error.body.admin_contact = Some(admin_contact);
        error
    }

    /// 404 `M_UNRECOGNIZED`: unknown endpoint.
    pub fn unrecognized() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            ErrCode::Unrecognized,
            "unknown endpoint",
        )
    }

    /// 500 for an internal failure. Logs it with all its causes; the response does not contain them.
    pub fn internal(error: &(dyn Error + 'static)) -> Self {
        log_failure(error);
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            ErrCode::Unknown,
            "the server failed to handle this request",
        )
    }

    /// 503 for a failure that is expected to end within `retry_after_ms`. Logs the failure.
    pub fn unavailable(error: &(dyn Error + 'static), retry_after_ms: u64) -> Self {
        log_failure(error);
        Self::busy(retry_after_ms)
    }

    /// 503: the server is busy.
    pub(crate) fn busy(retry_after_ms: u64) -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            ErrCode::Unknown,
            "the server is busy, try again later",
        )
        .retry_after_ms(retry_after_ms)
    }

    fn retry_after_ms(mut self, milliseconds: u64) -> Self {
        self.body.retry_after_ms = Some(milliseconds);
        self
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The error code.
    pub fn errcode(&self) -> ErrCode {
        self.body.errcode
    }

    /// The message, for responses that contain an error in a larger body.
    pub fn message(&self) -> &str {
        &self.body.error
    }

    /// The same error with another message.
    pub(crate) fn with_message(mut self, message: impl Into<Cow<'static, str>>) -> Self {
        self.body.error = message.into();
        self
    }

    /// The response, with `Retry-After` in whole seconds where the client should wait. The error code is
    /// also an extension, for the log.
    pub fn into_response(self) -> Response {
        self.dress(response::json(self.status, &self.body))
    }

    /// Adds the headers and extensions of this error to a response with any body.
    pub(crate) fn dress(&self, mut response: Response) -> Response {
        response.extensions_mut().insert(self.body.errcode);
        if let Some(milliseconds) = self.body.retry_after_ms {
            let seconds = HeaderValue::from(milliseconds.div_ceil(1000));
            response.headers_mut().insert(RETRY_AFTER, seconds);
        }
        response
    }
}

/// Whether a client keeps its state when its token is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SoftLogout {
    /// It does: a refresh or a new login continues the session.
    Yes,
    /// It does not.
    No,
}

fn log_failure(error: &(dyn Error + 'static)) {
    let mut chain = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        chain.push_str(": ");
        chain.push_str(&error.to_string());
        cause = error.source();
    }
    tracing::error!(error = %chain, "request failed");
}

macro_rules! errcodes {
    ($($(#[$doc:meta])* $variant:ident => $wire:literal,)*) => {
        /// The `errcode`s that this server uses.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
        pub enum ErrCode {
            $($(#[$doc])* #[serde(rename = $wire)] $variant,)*
        }

        impl ErrCode {
            /// Every code.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The code on the wire.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $wire,)*
                }
            }
        }
    };
}

errcodes! {
    /// The body is JSON of the wrong shape.
    BadJson => "M_BAD_JSON",
    /// The captcha response is wrong.
    CaptchaInvalid => "M_CAPTCHA_INVALID",
    /// The captcha response is missing.
    CaptchaNeeded => "M_CAPTCHA_NEEDED",
    /// The name belongs to an application service.
    Exclusive => "M_EXCLUSIVE",
    /// Not allowed.
    Forbidden => "M_FORBIDDEN",
    /// Guests may not do this.
    GuestAccessForbidden => "M_GUEST_ACCESS_FORBIDDEN",
    /// A parameter has a value that cannot be used.
    InvalidParam => "M_INVALID_PARAM",
    /// Not a name that can be registered.
    InvalidUsername => "M_INVALID_USERNAME",
    /// Too many requests.
    LimitExceeded => "M_LIMIT_EXCEEDED",
    /// A parameter is missing.
    MissingParam => "M_MISSING_PARAM",
    /// The access token is missing or malformed.
    MissingToken => "M_MISSING_TOKEN",
    /// Not found.
    NotFound => "M_NOT_FOUND",
    /// The body is not JSON.
    NotJson => "M_NOT_JSON",
    /// The password has no digit.
    PasswordNoDigit => "M_PASSWORD_NO_DIGIT",
    /// The password has no lower-case letter.
    PasswordNoLowercase => "M_PASSWORD_NO_LOWERCASE",
    /// The password has no symbol.
    PasswordNoSymbol => "M_PASSWORD_NO_SYMBOL",
    /// The password has no upper-case letter.
    PasswordNoUppercase => "M_PASSWORD_NO_UPPERCASE",
    /// The password is too short.
    PasswordTooShort => "M_PASSWORD_TOO_SHORT",
    /// The operator has disabled the server, or it is full.
    ResourceLimitExceeded => "M_RESOURCE_LIMIT_EXCEEDED",
    /// The identity server is not trusted by this server.
    ServerNotTrusted => "M_SERVER_NOT_TRUSTED",
    /// The third-party identifier could not be validated.
    ThreepidAuthFailed => "M_THREEPID_AUTH_FAILED",
    /// The operator does not allow this third-party identifier.
    ThreepidDenied => "M_THREEPID_DENIED",
    /// The third-party identifier belongs to another account.
    ThreepidInUse => "M_THREEPID_IN_USE",
    /// Third-party identifiers of this kind cannot be used.
    ThreepidMediumNotSupported => "M_THREEPID_MEDIUM_NOT_SUPPORTED",
    /// The third-party identifier belongs to nobody.
    ThreepidNotFound => "M_THREEPID_NOT_FOUND",
    /// The body is too large.
    TooLarge => "M_TOO_LARGE",
    /// Authentication failed.
    Unauthorized => "M_UNAUTHORIZED",
    /// Any error without a code of its own.
    Unknown => "M_UNKNOWN",
    /// The user has no device of the ID that an application service names.
    UnknownDevice => "M_UNKNOWN_DEVICE",
    /// The access or refresh token is unknown or no longer valid.
    UnknownToken => "M_UNKNOWN_TOKEN",
    /// Unknown endpoint, or unknown method of an endpoint.
    Unrecognized => "M_UNRECOGNIZED",
    /// The account is deactivated.
    UserDeactivated => "M_USER_DEACTIVATED",
    /// The name is taken.
    UserInUse => "M_USER_IN_USE",
    /// The password is too weak.
    WeakPassword => "M_WEAK_PASSWORD",
}

#[cfg(test)]
mod tests;
