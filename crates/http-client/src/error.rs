//! Why there is no answer.
//!
//! Nothing here repeats what was sent or received: requests carry addresses and secrets, and so may
//! answers.

use std::error::Error as StdError;
use std::io;

use crate::limit::TooMuch;

/// Why a server gave no answer that could be read.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// It did not answer in time, or took the request and hung up: what became of the request is
    /// unknown.
    #[error("it did not answer in time")]
    TimedOut,
    /// Its answer is longer than this many bytes.
    #[error("its answer is longer than {0} bytes")]
    TooLong(usize),
    /// The request cannot be sent to any server, because of what is in it: it is too long, or cannot be
    /// encoded. Nothing was sent.
    #[error("the request cannot be sent")]
    Unsendable(#[source] Box<dyn StdError + Send + Sync>),
    /// It could not be reached, or does not speak HTTP.
    #[error("it could not be asked")]
    Failed(#[source] Box<dyn StdError + Send + Sync>),
}

/// Sorts an error of the request, up to the headers of the answer, of the server with this name.
pub(crate) fn request_error(
    error: &hyper_util::client::legacy::Error,
    server: &str,
) -> ExchangeError {
    if let Some(max) = too_much(error) {
        return ExchangeError::TooLong(max);
    }
    // A server that takes the request and hangs up has given no answer in time, as one that says
    // nothing: what became of the request is unknown in both cases.
    let hung_up = !error.is_connect()
        && (cause::<hyper::Error>(error).is_some_and(hyper::Error::is_incomplete_message)
            || cause::<io::Error>(error).is_some());
    if hung_up || timed_out(error) {
        ExchangeError::TimedOut
    } else {
        let why = registrar_tls::explain(error).unwrap_or_else(|| chain(error));
        ExchangeError::Failed(format!("{server}: {why}").into())
    }
}

/// Sorts an error while the body of an answer is read.
pub(crate) fn body_error(
    error: Box<dyn StdError + Send + Sync>,
    max_response_bytes: usize,
) -> ExchangeError {
    if error.is::<http_body_util::LengthLimitError>() {
        ExchangeError::TooLong(max_response_bytes)
    } else if let Some(max) = too_much(&*error) {
        ExchangeError::TooLong(max)
    } else {
        ExchangeError::Failed(error)
    }
}

/// The bound that the server went beyond, if that is what happened.
fn too_much(error: &(dyn StdError + 'static)) -> Option<usize> {
    let inside = cause::<io::Error>(error)?.get_ref()?;
    // TLS wraps the errors of what is below it.
    let too_much = inside
        .downcast_ref::<TooMuch>()
        .or_else(|| cause::<TooMuch>(inside));
    too_much.map(|TooMuch(max)| *max)
}

/// An error and its causes in one line.
fn chain(error: &(dyn StdError + 'static)) -> String {
    let errors = std::iter::successors(Some(error), |&e| e.source());
    let texts: Vec<String> = errors.map(ToString::to_string).collect();
    texts.join(": ")
}

fn timed_out(error: &(dyn StdError + 'static)) -> bool {
    cause::<io::Error>(error).is_some_and(|e| e.kind() == io::ErrorKind::TimedOut)
}

/// The first error of this type in the chain of causes.
fn cause<'a, E: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a E> {
    std::iter::successors(Some(error), |&e| e.source()).find_map(|e| e.downcast_ref())
}
