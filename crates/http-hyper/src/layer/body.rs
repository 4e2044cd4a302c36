//! Bodies are read whole before anything looks at them, within limits on size and time.

use std::error::Error;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{Method, StatusCode};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::Body;
use tokio::time::timeout_at;

use super::deadline::Deadline;
use super::{Answer, Inner};
use crate::error::{ErrCode, MatrixError};
use crate::request::has_media_type;
use crate::response::{self, Response};

/// Marks, as an extension, a request that has come with both `Content-Length` and
/// `Transfer-Encoding`, although not both of them may be left.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AmbiguousLength;

/// Reads the body of each request, or refuses it.
pub(crate) async fn body<B>(
    limit_bytes: usize,
    request: http::Request<B>,
    mut inner: impl Inner<Bytes>,
) -> Answer
where
    B: Body<Data: Send, Error: Into<Box<dyn Error + Send + Sync>>> + Send,
{
    let (head, body) = request.into_parts();
    if let Some(refusal) = refuse_unread(&head, limit_bytes) {
        return Ok(response::hang_up(refusal));
    }
    let reading = Limited::new(body, limit_bytes).collect();
    let read = match head.extensions.get() {
        Some(Deadline(deadline)) => match timeout_at(*deadline, reading).await {
            Ok(read) => read,
            Err(_elapsed) => return Ok(response::hang_up(too_slow())),
        },
        None => reading.await,
    };
    match read {
        Ok(body) => {
            inner
                .call(http::Request::from_parts(head, body.to_bytes()))
                .await
        }
        Err(error) if error.is::<LengthLimitError>() => {
            Ok(response::hang_up(too_large(limit_bytes)))
        }
        Err(error) => {
            tracing::debug!(error = %error, "the body of a request could not be read");
            Ok(response::hang_up(broken()))
        }
    }
}

/// What is refused for its head alone, without reading a byte of the body.
fn refuse_unread(head: &http::request::Parts, limit_bytes: usize) -> Option<Response> {
    let length = head.headers.get(CONTENT_LENGTH);
    let has_both = length.is_some() && head.headers.contains_key(TRANSFER_ENCODING);
    if has_both || head.extensions.get::<AmbiguousLength>().is_some() {
        return Some(ambiguous());
    }
    if head.method == Method::POST && has_media_type(&head.headers, "multipart/form-data") {
        return Some(response::empty(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    }
    let length = length.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    let is_too_long =
        length.is_some_and(|length| usize::try_from(length).unwrap_or(usize::MAX) > limit_bytes);
    is_too_long.then(|| too_large(limit_bytes))
}

fn too_large(limit_bytes: usize) -> Response {
    let message = format!("the body may not be larger than {limit_bytes} bytes");
    MatrixError::new(StatusCode::PAYLOAD_TOO_LARGE, ErrCode::TooLarge, message).into_response()
}

fn too_slow() -> Response {
    let message = "the body did not arrive in time";
    MatrixError::new(StatusCode::REQUEST_TIMEOUT, ErrCode::Unknown, message).into_response()
}

fn broken() -> Response {
    MatrixError::bad_request(
        ErrCode::Unknown,
        "the body broke off or is not framed correctly",
    )
    .into_response()
}

/// The answer to a request that says its length twice, in two ways that need not agree. Programs that
/// believe different ones see different requests, which is how one is smuggled past a proxy.
fn ambiguous() -> Response {
    MatrixError::bad_request(
        ErrCode::Unknown,
        "a request has either Content-Length or Transfer-Encoding",
    )
    .into_response()
}
