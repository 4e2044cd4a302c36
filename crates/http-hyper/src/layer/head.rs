//! `HEAD` is `GET` without the body.

use http::header::CONTENT_LENGTH;
use http::{HeaderValue, Method};
use http_body_util::Full;
use hyper::body::Body as _;

use super::{Answer, Inner};

/// Removes the body of responses to `HEAD` and keeps its length.
pub(crate) async fn head<B>(request: http::Request<B>, mut inner: impl Inner<B>) -> Answer {
    let is_head = request.method() == Method::HEAD;
    let mut response = inner.call(request).await?;
    if is_head {
        // Over HTTP/1 hyper would do the same; over HTTP/2 it would send the body.
        let length = response.body().size_hint().exact().unwrap_or_default();
        response
            .headers_mut()
            .insert(CONTENT_LENGTH, HeaderValue::from(length));
        *response.body_mut() = Full::default();
    }
    Ok(response)
}
