//! Reads the whole body of a request before it is handled, within limits on size and time.

pub(crate) mod budget;

use std::error::Error;
use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::{Method, StatusCode};
use http_body_util::BodyExt as _;
use hyper::body::Body;
use tokio::time::timeout_at;

use self::budget::{BodyMemory, Budget, Exhausted};
use super::deadline::Deadline;
use super::{Answer, Inner};
use crate::error::{ErrCode, MatrixError};
use crate::request::{Share, has_media_type};
use crate::response::{self, Response};

/// `Retry-After` when there is no memory for a body, in milliseconds.
const RETRY_MS: u64 = 1000;

/// Marks, as an extension, a request without a host or with several.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UnclearHost;

/// Why a body was not read to its end.
enum Unread {
    TooLarge,
    TooSlow,
    Broken,
    NoMemory,
}

impl From<Exhausted> for Unread {
    fn from(_: Exhausted) -> Self {
        Self::NoMemory
    }
}

/// Reads the body of each request, or refuses it.
pub(crate) async fn body<B>(
    limit_bytes: usize,
    budget: Arc<Budget>,
    request: http::Request<B>,
    mut inner: impl Inner<Bytes>,
) -> Answer
where
    B: Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>> + Send,
{
    let (head, body) = request.into_parts();
    if let Some(refusal) = refuse_unread(&head, limit_bytes) {
        return Ok(response::hang_up(refusal));
    }
    if body.is_end_stream() {
        return inner
            .call(http::Request::from_parts(head, Bytes::new()))
            .await;
    }
    let owner = head.extensions.get().and_then(|Share(client)| *client);
    let reading = async { read(body, limit_bytes, budget.begin(owner)?).await };
    let read = match head.extensions.get() {
        Some(Deadline(deadline)) => timeout_at(*deadline, reading)
            .await
            .unwrap_or(Err(Unread::TooSlow)),
        None => reading.await,
    };
    match read {
        Ok((body, memory)) => {
            let answer = inner.call(http::Request::from_parts(head, body)).await;
            drop(memory);
            answer
        }
        Err(unread) => Ok(response::hang_up(match unread {
            Unread::TooLarge => too_large(limit_bytes),
            Unread::TooSlow => too_slow(),
            Unread::Broken => broken(),
            Unread::NoMemory => {
                tracing::warn!("request refused: the memory for bodies is used up");
                MatrixError::busy(RETRY_MS).into_response()
            }
        })),
    }
}

/// The whole body and the memory it takes.
async fn read<B>(
    body: B,
    limit_bytes: usize,
    mut memory: BodyMemory,
) -> Result<(Bytes, BodyMemory), Unread>
where
    B: Body<Data = Bytes, Error: Into<Box<dyn Error + Send + Sync>>> + Send,
{
    let mut body = pin!(body);
    let mut first = Bytes::new();
    // Pieces are copied together: each of many small ones would keep its whole buffer.
    let mut whole = Vec::new();
    loop {
        let frame = tokio::select! {
            biased;
            () = memory.given_up() => return Err(Unread::NoMemory),
            frame = body.frame() => frame,
        };
        let Some(frame) = frame else { break };
        let frame = frame.map_err(|error| {
            let error = error.into();
            tracing::debug!(error = %error, "reading the body of a request failed");
            Unread::Broken
        })?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if first.len() + whole.len() + data.len() > limit_bytes {
            return Err(Unread::TooLarge);
        }
        memory.grow(data.len())?;
        if first.is_empty() && whole.is_empty() {
            first = data;
        } else {
            whole.extend_from_slice(&std::mem::take(&mut first));
            whole.extend_from_slice(&data);
        }
    }
    let memory = memory.complete()?;
    let body = if whole.is_empty() {
        first
    } else {
        whole.into()
    };
    Ok((body, memory))
}

/// Refuses a request because of its head, without reading the body.
fn refuse_unread(head: &http::request::Parts, limit_bytes: usize) -> Option<Response> {
    if head.extensions.get::<UnclearHost>().is_some() {
        return Some(unclear_host());
    }
    if head.method == Method::POST && has_media_type(&head.headers, "multipart/form-data") {
        return Some(response::empty(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    }
    let length = head.headers.get(CONTENT_LENGTH);
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
        "the body is incomplete or has invalid framing",
    )
    .into_response()
}

fn unclear_host() -> Response {
    MatrixError::bad_request(ErrCode::Unknown, "a request must have exactly one host")
        .into_response()
}
