//! Gives each request an ID, which is in the log and in the response.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use http::{HeaderName, HeaderValue};

use super::{Answer, Inner};

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest ID that is taken from a proxy, in bytes.
const MAX_BYTES: usize = 64;

/// The ID, as an extension of the request.
#[derive(Clone, Debug)]
pub(crate) struct RequestId(HeaderValue);

impl RequestId {
    pub(crate) fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }

    /// The ID from the reverse proxy, or a new one.
    fn of<B>(request: &http::Request<B>, trusted: Option<&HeaderName>) -> Self {
        let given = trusted.and_then(|name| request.headers().get(name));
        given
            .filter(|id| is_harmless(id))
            .map_or_else(Self::generate, |id| Self(id.clone()))
    }

    /// Unique among the processes of a deployment and through restarts, but not secret.
    fn generate() -> Self {
        static PROCESS: LazyLock<u32> =
            LazyLock::new(|| (RandomState::new().hash_one(std::process::id()) >> 32) as u32);
        static COUNT: AtomicU64 = AtomicU64::new(1);
        let id = format!("{:08x}-{}", *PROCESS, COUNT.fetch_add(1, Ordering::Relaxed));
        Self(HeaderValue::try_from(id).expect("digits and a dash make a header value"))
    }
}

/// Only characters that are safe in a log.
fn is_harmless(id: &HeaderValue) -> bool {
    let is_allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(byte);
    (1..=MAX_BYTES).contains(&id.len()) && id.as_bytes().iter().all(is_allowed)
}

pub(crate) async fn request_id<B>(
    trusted: Option<HeaderName>,
    mut request: http::Request<B>,
    mut inner: impl Inner<B>,
) -> Answer {
    let id = RequestId::of(&request, trusted.as_ref());
    request.extensions_mut().insert(id.clone());
    let mut response = inner.call(request).await?;
    response.headers_mut().insert(X_REQUEST_ID, id.0);
    Ok(response)
}
