//! No request takes for ever.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::{Answer, Inner};
use crate::error::MatrixError;
use crate::response;

/// When clients of an operation that took too long should come back, in milliseconds.
const RETRY_MS: u64 = 5000;

/// When the answer must be there, as an extension of the request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline(pub(crate) Instant);

/// Gives the layers below so much time, and answers 503 when they are not done.
///
/// What they were doing is dropped: a unit of work that was not committed never happened.
pub(crate) async fn deadline<B>(
    limit: Duration,
    mut request: http::Request<B>,
    mut inner: impl Inner<B>,
) -> Answer {
    let deadline = Instant::now() + limit;
    request.extensions_mut().insert(Deadline(deadline));
    timeout_at(deadline, inner.call(request))
        .await
        .unwrap_or_else(|_elapsed| {
            tracing::warn!("a request was given up because it took too long");
            Ok(response::hang_up(
                MatrixError::busy(RETRY_MS).into_response(),
            ))
        })
}
