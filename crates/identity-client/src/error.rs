//! What the domain is told when there is no usable answer.
//!
//! Nothing here repeats what was sent or received: requests carry addresses and secrets, and so may
//! answers.

use std::error::Error as StdError;
use std::io;

use registrar_domain::ports::IdentityServerError;

/// Why an answer makes no sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Nonsense {
    #[error("its answer is not a JSON object")]
    NotAnObject,
    #[error("its answer is longer than {0} bytes")]
    TooLong(usize),
    #[error("its answer has no usable `{0}`")]
    Lacks(&'static str),
}

impl From<Nonsense> for IdentityServerError {
    fn from(nonsense: Nonsense) -> Self {
        Self::Unusable(nonsense.into())
    }
}

/// Sorts an error of the request, up to the headers of the answer.
pub(crate) fn request_error(error: hyper_util::client::legacy::Error) -> IdentityServerError {
    // A server that takes the request and hangs up has given no answer in time, as one that says
    // nothing: what became of the request is unknown in both cases.
    let hung_up = !error.is_connect()
        && (cause::<hyper::Error>(&error).is_some_and(hyper::Error::is_incomplete_message)
            || cause::<io::Error>(&error).is_some());
    if hung_up || timed_out(&error) {
        IdentityServerError::TimedOut
    } else {
        IdentityServerError::Unusable(error.into())
    }
}

/// Sorts an error while the body of an answer is read.
pub(crate) fn body_error(
    error: Box<dyn StdError + Send + Sync>,
    max_response_bytes: usize,
) -> IdentityServerError {
    if error.is::<http_body_util::LengthLimitError>() {
        Nonsense::TooLong(max_response_bytes).into()
    } else {
        IdentityServerError::Unusable(error)
    }
}

fn timed_out(error: &(dyn StdError + 'static)) -> bool {
    cause::<io::Error>(error).is_some_and(|e| e.kind() == io::ErrorKind::TimedOut)
}

/// The first error of this type in the chain of causes.
fn cause<'a, E: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a E> {
    std::iter::successors(Some(error), |&e| e.source()).find_map(|e| e.downcast_ref())
}
