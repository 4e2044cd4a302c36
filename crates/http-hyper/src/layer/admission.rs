//! A server that takes on more than it can do answers nobody in time.

use std::sync::Arc;

use tokio::sync::Semaphore;

use super::{Answer, Inner};
use crate::error::MatrixError;
use crate::response;
use crate::router::{Destination, Logging};

/// When clients that were turned away should come back, in milliseconds.
const RETRY_MS: u64 = 1000;

/// Takes on a request while there is a slot, and turns it away with 503 otherwise.
pub(crate) async fn admission<B>(
    slots: Arc<Semaphore>,
    request: http::Request<B>,
    mut inner: impl Inner<B>,
) -> Answer {
    // Probes must see a busy server alive, or it is killed when it is needed most.
    let is_probe = matches!(
        request.extensions().get(),
        Some(Destination::Place(place, _)) if place.logging == Logging::Quiet
    );
    let slot = slots.try_acquire_owned();
    if slot.is_err() && !is_probe {
        tracing::warn!("a request was turned away because too many are in progress");
        return Ok(response::hang_up(
            MatrixError::busy(RETRY_MS).into_response(),
        ));
    }
    inner.call(request).await
}
