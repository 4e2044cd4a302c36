//! Allows web clients of any origin to use the API, but not to read pages and redirects.
//!
//! Spec: <https://spec.matrix.org/v1.16/client-server-api/#web-browser-clients>

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, CONTENT_TYPE,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode};

use super::{Answer, Inner};
use crate::response::{self, APPLICATION_JSON};

/// Responds to `OPTIONS` for every path, and allows web clients to read JSON.
pub(crate) async fn cors<B>(request: http::Request<B>, mut inner: impl Inner<B>) -> Answer {
    if request.method() == Method::OPTIONS {
        let mut response = response::empty(StatusCode::NO_CONTENT);
        allow(response.headers_mut());
        return Ok(response);
    }
    let mut response = inner.call(request).await?;
    if response.headers().get(CONTENT_TYPE) == Some(&APPLICATION_JSON) {
        allow(response.headers_mut());
    }
    Ok(response)
}

fn allow(headers: &mut HeaderMap) {
    let pairs = [
        (ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (
            ACCESS_CONTROL_ALLOW_METHODS,
            "GET, HEAD, POST, PUT, DELETE, OPTIONS",
        ),
        (
            ACCESS_CONTROL_ALLOW_HEADERS,
            "X-Requested-With, Content-Type, Authorization, Date",
        ),
        (ACCESS_CONTROL_EXPOSE_HEADERS, "Synapse-Trace-Id, Server"),
    ];
    for (name, value) in pairs {
        headers.insert(name, HeaderValue::from_static(value));
    }
}
