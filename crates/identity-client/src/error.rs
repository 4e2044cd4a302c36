//! The errors that the domain gets when there is no usable response.
//!
//! No error contains what was sent or received: requests contain addresses and secrets, and so may
//! responses.

use registrar_domain::ports::IdentityServerError;
use registrar_http_client::ExchangeError;

/// Why a response cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadAnswer {
    #[error("the response is not a JSON object")]
    NotAnObject,
    #[error("the response has no valid `{0}`")]
    Missing(&'static str),
}

impl From<BadAnswer> for IdentityServerError {
    fn from(error: BadAnswer) -> Self {
        Self::Unusable(error.into())
    }
}

/// Converts the error of a call without a response.
pub(crate) fn no_answer(error: ExchangeError) -> IdentityServerError {
    match error {
        ExchangeError::TimedOut => IdentityServerError::TimedOut,
        ExchangeError::Unsendable(cause) => IdentityServerError::Unaskable(cause),
        ExchangeError::TooLong(_) | ExchangeError::Failed(_) => {
            IdentityServerError::Unusable(error.into())
        }
    }
}
