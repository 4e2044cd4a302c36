//! Why there is no response.
//!
//! No error contains what was sent or received: requests contain addresses and secrets, and so may
//! responses.

use std::error::Error as StdError;
use std::io;

/// Why there is no response that can be used.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// The server did not respond in time, or closed the connection after it had received the request.
    /// Whether it has handled the request is unknown.
    #[error("no response in time")]
    TimedOut,
    /// The response is longer than this many bytes.
    #[error("the response is longer than {0} bytes")]
    TooLong(usize),
    /// The request cannot be sent because of its content: it is too long, or cannot be encoded. Nothing
    /// was sent.
    #[error("the request cannot be sent")]
    Unsendable(#[source] Box<dyn StdError + Send + Sync>),
    /// The server could not be reached, or its response is not valid HTTP.
    #[error("the request failed")]
    Failed(#[source] Box<dyn StdError + Send + Sync>),
}

/// Classifies an error before the head of the response has arrived. `server` is for the message.
pub(crate) fn request_error(
    error: &hyper_util::client::legacy::Error,
    server: &str,
) -> ExchangeError {
    // A server that receives the request and closes the connection is treated like one that does not
    // respond: in both cases it is unknown whether it has handled the request.
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

/// Classifies an error while the body of the response is read.
pub(crate) fn body_error(
    error: Box<dyn StdError + Send + Sync>,
    max_response_bytes: usize,
) -> ExchangeError {
    if error.is::<http_body_util::LengthLimitError>() {
        ExchangeError::TooLong(max_response_bytes)
    } else {
        ExchangeError::Failed(error)
    }
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
