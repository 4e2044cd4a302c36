//! Counts requests and responses.

use std::sync::Arc;

use hyper::body::Body as _;
use tokio::time::Instant;

use super::{Answer, Inner};
use crate::monitor::{Answered, Exchange, Monitor};
use crate::response::Response;

/// Reports each request and its outcome to the monitor.
pub(crate) async fn measure<B>(
    monitor: Option<Arc<dyn Monitor>>,
    request: http::Request<B>,
    mut inner: impl Inner<B>,
) -> Answer {
    let Some(monitor) = monitor else {
        return inner.call(request).await;
    };
    let flight = Flight::begin(monitor, Exchange::of(&request));
    let response = inner.call(request).await?;
    flight.end(&response);
    Ok(response)
}

/// A request in progress; dropped with it when the client goes away.
struct Flight {
    /// `None` once the monitor knows the end.
    monitor: Option<Arc<dyn Monitor>>,
    exchange: Exchange,
    began: Instant,
}

impl Flight {
    fn begin(monitor: Arc<dyn Monitor>, exchange: Exchange) -> Self {
        monitor.received(exchange);
        Self {
            monitor: Some(monitor),
            exchange,
            began: Instant::now(),
        }
    }

    fn end(mut self, response: &Response) {
        if let Some(monitor) = self.monitor.take() {
            let answer = Answered {
                status: response.status(),
                size: response.body().size_hint().exact().unwrap_or_default(),
                duration: self.began.elapsed(),
            };
            monitor.answered(self.exchange, answer);
        }
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        if let Some(monitor) = &self.monitor {
            monitor.dropped(self.exchange);
        }
    }
}
