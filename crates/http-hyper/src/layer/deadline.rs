//! The deadline of each request.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::{Answer, Inner};
use crate::error::MatrixError;
use crate::response;

/// `Retry-After` for requests that took too long, in milliseconds.
const RETRY_MS: u64 = 5000;

/// The deadline, as an extension of the request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline(pub(crate) Instant);

/// Responds with 503 if the layers below take longer than this.
///
/// Their work is dropped: a unit of work that is not committed is rolled back.
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
            tracing::warn!("request cancelled: it took too long");
            Ok(response::hang_up(
                MatrixError::busy(RETRY_MS).into_response(),
            ))
        })
}
