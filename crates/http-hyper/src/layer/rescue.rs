//! Confines a panic in a handler to its request.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use http::StatusCode;

use super::{Answer, Inner};
use crate::error::{ErrCode, MatrixError};
use crate::response;

/// Converts a panic of the layers below into a 500.
pub(crate) async fn rescue<B>(request: http::Request<B>, mut inner: impl Inner<B>) -> Answer {
    // What a panic leaves behind is dropped with this future; shared state is behind databases and
    // locks that do not stay poisoned.
    let mut work = pin!(async move { inner.call(request).await });
    std::future::poll_fn(|cx| {
        catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(cx))).unwrap_or_else(|_panic| {
            // The message of a panic may quote what a client sent, so it is not repeated here.
            tracing::error!("request handler panicked");
            let error = MatrixError::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                ErrCode::Unknown,
                "the server failed to handle this request",
            );
            Poll::Ready(Ok(response::hang_up(error.into_response())))
        })
    })
    .await
}
