//! Limits the number of requests in progress, so that those that are accepted finish in time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Answer, Inner};
use crate::error::MatrixError;
use crate::request::{Share, Subscriber};
use crate::response;
use crate::router::{Destination, Logging};

/// `Retry-After` for requests over the limit, in milliseconds.
const RETRY_MS: u64 = 1000;
/// Probes that may be in progress, in addition to requests.
const PROBES: usize = 64;

/// Marks, as an extension, a request on a connection that only serves probes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ProbesOnly;

/// The limits on requests and on probes in progress.
pub(crate) struct Rooms {
    requests: Arc<Slots>,
    probes: Arc<Slots>,
}

impl Rooms {
    /// Limits for all requests, and for those of one client.
    pub(crate) fn new(max_requests: usize, per_client: usize) -> Self {
        Self {
            requests: Arc::new(Slots::new(max_requests, per_client)),
            probes: Arc::new(Slots::new(PROBES, PROBES / 4)),
        }
    }
}

/// A number of requests that may be in progress.
struct Slots {
    max: usize,
    per_client: usize,
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    all: usize,
    clients: HashMap<Subscriber, usize>,
}

impl Slots {
    fn new(max: usize, per_client: usize) -> Self {
        Self {
            max,
            per_client,
            taken: Mutex::default(),
        }
    }

    /// A slot, if there is one for this client; `None` is a client that has no share.
    fn take(self: &Arc<Self>, client: Option<Subscriber>) -> Option<Slot> {
        let mut taken = self.lock();
        if taken.all >= self.max {
            return None;
        }
        if let Some(client) = client {
            let used = taken.clients.get(&client).copied().unwrap_or_default();
            if used >= self.per_client {
                return None;
            }
            taken.clients.insert(client, used + 1);
        }
        taken.all += 1;
        Some(Slot {
            slots: Arc::clone(self),
            client,
        })
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request in progress; gives its slot back when dropped.
struct Slot {
    slots: Arc<Slots>,
    client: Option<Subscriber>,
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut taken = self.slots.lock();
        taken.all -= 1;
        let Some(client) = self.client else { return };
        if let Some(used) = taken.clients.get_mut(&client) {
            *used -= 1;
            if *used == 0 {
                taken.clients.remove(&client);
                super::shrink(&mut taken.clients);
            }
        }
    }
}

/// Handles a request if there is a slot, and refuses it with 503 otherwise.
pub(crate) async fn admission<B>(
    rooms: Arc<Rooms>,
    request: http::Request<B>,
    mut inner: impl Inner<B>,
) -> Answer {
    // Probes must see a busy server alive, or it is killed when it is needed most.
    let extensions = request.extensions();
    let is_probe = matches!(
        extensions.get(),
        Some(Destination::Place(place, _)) if place.logging == Logging::Quiet
    );
    if !is_probe && extensions.get::<ProbesOnly>().is_some() {
        tracing::warn!("request refused: all connections are busy");
        return Ok(response::hang_up(
            MatrixError::busy(RETRY_MS).into_response(),
        ));
    }
    let client = extensions.get().and_then(|Share(client)| *client);
    let slots = if is_probe {
        &rooms.probes
    } else {
        &rooms.requests
    };
    let Some(slot) = slots.take(client) else {
        tracing::warn!("request refused: too many requests in progress");
        return Ok(MatrixError::busy(RETRY_MS).into_response());
    };
    let answer = inner.call(request).await;
    drop(slot);
    answer
}
