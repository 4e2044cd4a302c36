//! A server that takes on more than it can do answers nobody in time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Answer, Inner};
use crate::error::MatrixError;
use crate::request::{Share, Subscriber};
use crate::response;
use crate::router::{Destination, Logging};

/// When clients that were turned away should come back, in milliseconds.
const RETRY_MS: u64 = 1000;
/// Room for probes, besides that for requests.
const PROBES: usize = 64;

/// Marks, as an extension, a request on a connection that is there for probes alone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ProbesOnly;

/// Room for requests in progress. Probes have their own.
pub(crate) struct Rooms {
    requests: Arc<Slots>,
    probes: Arc<Slots>,
}

impl Rooms {
    /// So many requests at the same time, and so many of one client.
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

/// Takes on a request while there is a slot, and turns it away with 503 otherwise.
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
        tracing::warn!("a request was turned away because too many connections are busy");
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
        tracing::warn!("a request was turned away because too many are in progress");
        return Ok(MatrixError::busy(RETRY_MS).into_response());
    };
    let answer = inner.call(request).await;
    drop(slot);
    answer
}
