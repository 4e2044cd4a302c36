//! [`Shared`]: what all use-cases share. Made by [`services`](crate::services), seen by nobody outside.

pub(crate) mod flights;
pub(crate) mod limits;

use std::sync::Arc;

use crate::model::entropy::Entropy;
use crate::model::id::{Localpart, UserId};
use crate::model::policy::Policy;
use crate::model::time::{MonotonicTime, Timestamp};
use crate::ports::Ports;
use crate::ports::observer::Event;
use flights::Flights;
use limits::Limits;

/// What all use-cases share.
pub(crate) struct Shared {
    pub(crate) ports: Ports,
    pub(crate) policy: Arc<Policy>,
    pub(crate) limits: Limits,
    /// Messages that are being sent.
    pub(crate) flights: Flights,
}

impl Shared {
    pub(crate) fn new(ports: Ports, policy: Arc<Policy>) -> Self {
        let limits = Limits::new(&policy.rates, &ports.observer);
        Self {
            ports,
            policy,
            limits,
            flights: Flights::default(),
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.ports.clock.now()
    }

    /// The present for limits, pauses and everything else that measures a span.
    pub(crate) fn monotonic(&self) -> MonotonicTime {
        self.ports.clock.monotonic()
    }

    pub(crate) fn entropy(&self) -> &dyn Entropy {
        &*self.ports.entropy
    }

    pub(crate) fn observe(&self, event: Event) {
        self.ports.observer.observe(&event);
    }

    pub(crate) fn user_id(&self, localpart: &Localpart) -> UserId {
        UserId::new(localpart.clone(), self.policy.server_name.clone())
    }
}
