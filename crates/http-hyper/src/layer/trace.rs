//! A tracing span around each request, and a log line for each response.

mod redact;

use std::borrow::Cow;
use std::net::IpAddr;

use http::{Method, StatusCode, Uri};
use tokio::time::Instant;
use tracing::Instrument as _;

use super::request_id::RequestId;
use super::{Answer, Inner};
use crate::error::ErrCode;
use crate::request::ClientIp;
use crate::router::{Destination, Logging};

/// The route of a request for an unknown path, in the log.
const UNKNOWN: &str = "unknown";

/// Handles a request inside its span.
pub(crate) async fn trace<B>(request: http::Request<B>, mut inner: impl Inner<B>) -> Answer {
    let destination = request.extensions().get();
    let (route, logging) = match destination {
        Some(Destination::Place(place, _)) => (place.pattern.as_str(), place.logging),
        Some(Destination::UnknownEndpoint | Destination::UnknownPage) | None => {
            (UNKNOWN, Logging::Normal)
        }
    };
    let span = tracing::info_span!(
        "request",
        http.method = %request.method(),
        http.route = route,
        request.id = request.extensions().get().map_or("", RequestId::as_str),
    );
    let mut record = Record {
        logging: if request.method() == Method::OPTIONS {
            Logging::Quiet
        } else {
            logging
        },
        target: target(request.uri(), route),
        method: request.method().clone(),
        client_ip: request.extensions().get().and_then(|ClientIp(ip)| *ip),
        began: Instant::now(),
        status: None,
        errcode: None,
    };
    async move {
        let response = inner.call(request).await?;
        record.status = Some(response.status());
        record.errcode = response.extensions().get().copied();
        drop(record);
        Ok(response)
    }
    .instrument(span)
    .await
}

/// The path and the query without secrets. The path of an unknown route is hidden too: it may contain a
/// token that was pasted into the wrong place.
fn target(uri: &Uri, route: &str) -> String {
    // Some operations have a registration token or somebody's address in their path.
    let path = if route.contains("token}") || route.contains("address}") {
        Cow::Borrowed(route)
    } else if route == UNKNOWN {
        Cow::Owned(redact::path(uri.path()))
    } else {
        Cow::Borrowed(uri.path())
    };
    let mut target = redact::shorten(&path).into_owned();
    if let Some(query) = uri.query() {
        target.push('?');
        target.push_str(&redact::shorten(&redact::query(query)));
    }
    target
}

/// Logs a request when it ends, with or without a response.
struct Record {
    logging: Logging,
    method: Method,
    target: String,
    client_ip: Option<IpAddr>,
    began: Instant,
    /// `None` until it is answered.
    status: Option<StatusCode>,
    errcode: Option<ErrCode>,
}

impl Drop for Record {
    fn drop(&mut self) {
        let Self { method, target, .. } = self;
        let duration_ms = self.began.elapsed().as_secs_f64() * 1000.0;
        let client_ip = self
            .client_ip
            .map_or(Cow::Borrowed("-"), |ip| ip.to_string().into());
        macro_rules! line {
            ($level:ident) => {
                match self.status {
                    Some(status) => tracing::$level!(
                        client.ip = %client_ip,
                        http.status = status.as_u16(),
                        errcode = self.errcode.map(ErrCode::as_str),
                        duration_ms,
                        "{method} {target} was answered with {}",
                        status.as_u16()
                    ),
                    None => tracing::$level!(
                        client.ip = %client_ip,
                        duration_ms,
                        "{method} {target} was dropped before it was answered"
                    ),
                }
            };
        }
        match self.logging {
            Logging::Normal => line!(info),
            Logging::Quiet => line!(debug),
        }
    }
}
