//! Responses: JSON, HTML pages, redirects.
//!
//! Spec: <https://spec.matrix.org/v1.16/client-server-api/#api-standards>

use bytes::Bytes;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderValue, StatusCode};
use http_body_util::Full;
use serde::Serialize;

/// A response. Its body is small and complete.
pub type Response = http::Response<Full<Bytes>>;

pub(crate) const APPLICATION_JSON: HeaderValue = HeaderValue::from_static("application/json");
const TEXT_HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
const TEXT_PLAIN: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
const NEVER_CACHED: HeaderValue = HeaderValue::from_static("no-cache, no-store, must-revalidate");

/// JSON that caches do not store.
pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Response {
    let body = serde_json::to_vec(body)
        .expect("replies are structs and maps with text keys, which always serialize");
    let mut response = with_body(status, APPLICATION_JSON, body);
    response.headers_mut().insert(CACHE_CONTROL, NEVER_CACHED);
    response
}

/// 200 with JSON that is already encoded.
pub(crate) fn json_text(body: String) -> Response {
    let mut response = with_body(StatusCode::OK, APPLICATION_JSON, body);
    response.headers_mut().insert(CACHE_CONTROL, NEVER_CACHED);
    response
}

/// 200 with JSON: what most endpoints answer.
pub(crate) fn ok(body: &impl Serialize) -> Response {
    json(StatusCode::OK, body)
}

/// 200 with `{}`.
pub(crate) fn nothing() -> Response {
    ok(&serde_json::Map::new())
}

/// A page with a content security policy. Other sites cannot frame it, caches do not store it, and
/// links from it send no referrer.
pub(crate) fn html(status: StatusCode, page: impl Into<Bytes>, policy: HeaderValue) -> Response {
    let mut response = with_body(status, TEXT_HTML, page);
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, policy);
    for (name, value) in [
        (CACHE_CONTROL, "no-store"),
        (REFERRER_POLICY, "no-referrer"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // For browsers that do not know the policy's `frame-ancestors`.
        (X_FRAME_OPTIONS, "DENY"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// 200 with a line of plain text.
pub(crate) fn text(body: impl Into<Bytes>) -> Response {
    with_body(StatusCode::OK, TEXT_PLAIN, body)
}

/// 503 with a line of plain text.
pub(crate) fn unavailable(body: impl Into<Bytes>) -> Response {
    with_body(StatusCode::SERVICE_UNAVAILABLE, TEXT_PLAIN, body)
}

/// 302 to another place.
pub(crate) fn redirect(location: HeaderValue) -> Response {
    let mut response = empty(StatusCode::FOUND);
    let headers = response.headers_mut();
    headers.insert(LOCATION, location);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html"));
    response
}

/// A status and nothing else.
pub(crate) fn empty(status: StatusCode) -> Response {
    let mut response = Response::default();
    *response.status_mut() = status;
    response
}

fn with_body(status: StatusCode, content_type: HeaderValue, body: impl Into<Bytes>) -> Response {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}

/// Marks, as an extension, an answer that was given before the whole request was read: the
/// connection cannot be used again.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HangUp;

/// The same answer, after which the connection is closed.
pub(crate) fn hang_up(mut response: Response) -> Response {
    response.extensions_mut().insert(HangUp);
    response
}
