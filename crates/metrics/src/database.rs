//! The database, watched from outside: how long units of work wait for a connection, how long they
//! last, and how they end.

use std::sync::Arc;

use async_trait::async_trait;
use prometheus::{Histogram, IntCounter, IntGauge};
use registrar_domain::ports::store::{
    AccountRepository, ActivityRepository, DeviceRepository, Intent, LeaseRepository,
    RegistrationTokenRepository, Store, StoreError, StoreErrorKind, ThreepidRepository,
    TokenRepository, UiaRepository, UnitOfWork, ValidationRepository,
};

use crate::family::Families;
use crate::stopwatch::Stopwatch;

#[derive(Clone)]
pub(crate) struct DatabaseMetrics {
    reads: IntentMetrics,
    writes: IntentMetrics,
}

/// Everything about units of work with one intent.
#[derive(Clone)]
struct IntentMetrics {
    waiting: IntGauge,
    checkout: Histogram,
    lasted: Histogram,
    ended: Ends,
}

/// How many ended in which way.
#[derive(Clone)]
struct Ends {
    /// With what they were for done.
    done: IntCounter,
    /// Dropped, so that nothing was written.
    rolled_back: IntCounter,
    /// Without effect, because another transaction stood in the way.
    contended: IntCounter,
    /// Without a connection, or with a broken one.
    unavailable: IntCounter,
    /// With another error.
    failed: IntCounter,
}

impl DatabaseMetrics {
    pub(crate) fn new(families: &mut Families) -> Self {
        let intent = ["intent"];
        let waiting = families.gauges(
            "registrar_db_waiting",
            "Units of work that wait for a connection.",
            &intent,
        );
        let checkout = families.seconds_by(
            "registrar_db_checkout_seconds",
            "How long units of work waited for a connection, in seconds.",
            &intent,
        );
        let lasted = families.seconds_by(
            "registrar_db_unit_of_work_seconds",
            "How long units of work took, in seconds.",
            &intent,
        );
        let ended = families.counters(
            "registrar_db_units_of_work_total",
            "Units of work, by outcome.",
            &["intent", "outcome"],
        );
        let of = |intent: &str| {
            let ended = |outcome: &str| ended.with_label_values(&[intent, outcome]);
            IntentMetrics {
                waiting: waiting.with_label_values(&[intent]),
                checkout: checkout.with_label_values(&[intent]),
                lasted: lasted.with_label_values(&[intent]),
                ended: Ends {
                    done: ended("done"),
                    rolled_back: ended("rolled_back"),
                    contended: ended("contended"),
                    unavailable: ended("unavailable"),
                    failed: ended("failed"),
                },
            }
        };
        Self {
            reads: of("read"),
            writes: of("write"),
        }
    }

    fn of(&self, intent: Intent) -> &IntentMetrics {
        match intent {
            Intent::Read => &self.reads,
            Intent::Write => &self.writes,
        }
    }
}

impl Ends {
    fn by(&self, error: &StoreError) -> &IntCounter {
        match error.kind {
            StoreErrorKind::Contended => &self.contended,
            StoreErrorKind::Unavailable | StoreErrorKind::Lost => &self.unavailable,
            StoreErrorKind::Conflict(_)
            | StoreErrorKind::Corrupt { .. }
            | StoreErrorKind::Other => &self.failed,
        }
    }
}

/// A database whose units of work are watched.
pub(crate) struct ObservedStore {
    inner: Arc<dyn Store>,
    metrics: DatabaseMetrics,
}

impl ObservedStore {
    pub(crate) fn new(inner: Arc<dyn Store>, metrics: DatabaseMetrics) -> Self {
        Self { inner, metrics }
    }
}

/// Counts as waiting until dropped, whether a connection came or the request went away.
struct Waiting<'a>(&'a IntGauge);

impl<'a> Waiting<'a> {
    fn at(gauge: &'a IntGauge) -> Self {
        gauge.inc();
        Self(gauge)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.dec();
    }
}

#[async_trait]
impl Store for ObservedStore {
    async fn begin(&self, intent: Intent) -> Result<Box<dyn UnitOfWork>, StoreError> {
        let metrics = self.metrics.of(intent);
        let asked = Stopwatch::start();
        let begun = {
            let _waiting = Waiting::at(&metrics.waiting);
            self.inner.begin(intent).await
        };
        metrics.checkout.observe(asked.seconds());
        match begun {
            Ok(inner) => Ok(Box::new(ObservedUnitOfWork {
                inner,
                life: Life {
                    metrics: metrics.clone(),
                    intent,
                    began: Stopwatch::start(),
                    is_told: false,
                },
            })),
            Err(error) => {
                metrics.ended.by(&error).inc();
                Err(error)
            }
        }
    }
}

/// A unit of work that is watched until its end.
struct ObservedUnitOfWork {
    inner: Box<dyn UnitOfWork>,
    life: Life,
}

/// Tells of an end, at the latest when dropped.
struct Life {
    metrics: IntentMetrics,
    intent: Intent,
    began: Stopwatch,
    is_told: bool,
}

impl Life {
    fn end(&mut self, outcome: impl FnOnce(&Ends) -> &IntCounter) {
        self.is_told = true;
        self.metrics.lasted.observe(self.began.seconds());
        outcome(&self.metrics.ended).inc();
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        if !self.is_told {
            // Dropping is how reading ends.
            let reads = self.intent == Intent::Read;
            self.end(|ends| if reads { &ends.done } else { &ends.rolled_back });
        }
    }
}

#[async_trait]
impl UnitOfWork for ObservedUnitOfWork {
    fn accounts(&mut self) -> &mut dyn AccountRepository {
        self.inner.accounts()
    }

    fn devices(&mut self) -> &mut dyn DeviceRepository {
        self.inner.devices()
    }

    fn tokens(&mut self) -> &mut dyn TokenRepository {
        self.inner.tokens()
    }

    fn uia_sessions(&mut self) -> &mut dyn UiaRepository {
        self.inner.uia_sessions()
    }

    fn threepids(&mut self) -> &mut dyn ThreepidRepository {
        self.inner.threepids()
    }

    fn validations(&mut self) -> &mut dyn ValidationRepository {
        self.inner.validations()
    }

    fn registration_tokens(&mut self) -> &mut dyn RegistrationTokenRepository {
        self.inner.registration_tokens()
    }

    fn activity(&mut self) -> &mut dyn ActivityRepository {
        self.inner.activity()
    }

    fn leases(&mut self) -> &mut dyn LeaseRepository {
        self.inner.leases()
    }

    async fn commit(self: Box<Self>) -> Result<(), StoreError> {
        let Self { inner, mut life } = *self;
        let result = inner.commit().await;
        match &result {
            Ok(()) => life.end(|ends| &ends.done),
            Err(error) => life.end(|ends| ends.by(error)),
        }
        result
    }
}
