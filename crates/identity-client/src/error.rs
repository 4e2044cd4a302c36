//! What the domain is told when there is no usable answer.
//!
//! Nothing here repeats what was sent or received: requests carry addresses and secrets, and so may
//! answers.

use registrar_domain::ports::IdentityServerError;
use registrar_http_client::ExchangeError;

/// Why an answer makes no sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Nonsense {
    #[error("its answer is not a JSON object")]
    NotAnObject,
    #[error("its answer has no usable `{0}`")]
    Lacks(&'static str),
}

impl From<Nonsense> for IdentityServerError {
    fn from(nonsense: Nonsense) -> Self {
        Self::Unusable(nonsense.into())
    }
}

/// Sorts a call without an answer.
pub(crate) fn no_answer(error: ExchangeError) -> IdentityServerError {
    match error {
        ExchangeError::TimedOut => IdentityServerError::TimedOut,
        ExchangeError::Unsendable(cause) => IdentityServerError::Unaskable(cause),
        ExchangeError::TooLong(_) | ExchangeError::Failed(_) => {
            IdentityServerError::Unusable(error.into())
        }
    }
}
