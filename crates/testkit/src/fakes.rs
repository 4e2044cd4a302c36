//! [`Fakes`]: all ports of the domain from fakes.

use std::sync::Arc;

use registrar_domain::ports::{EmailValidation, Ports};

use crate::{
    FakeBackground, FakeCaptcha, FakeClock, FakeHooks, FakeIdentityServer, FakeMailer,
    FakeObserver, FakePacer, FakePasswordHasher, FakeStore, SeededEntropy,
};

/// A fake for each port, with a handle on it.
///
/// Every feature is on: this server validates email addresses, an identity server phone numbers, the
/// captcha `good` is right, and the hooks allow everything. It is November 14, 2023.
#[derive(Clone)]
pub struct Fakes {
    /// The database.
    pub store: FakeStore,
    /// Time.
    pub clock: Arc<FakeClock>,
    /// Randomness.
    pub entropy: Arc<SeededEntropy>,
    /// Password hashing.
    pub hasher: Arc<FakePasswordHasher>,
    /// The mails that were sent.
    pub mailer: Arc<FakeMailer>,
    /// The identity server for phone numbers.
    pub identity_server: Arc<FakeIdentityServer>,
    /// The captcha provider.
    pub captcha: Arc<FakeCaptcha>,
    /// The operator's own rules.
    pub hooks: Arc<FakeHooks>,
    /// What has happened.
    pub observer: Arc<FakeObserver>,
    /// Work after the answer.
    pub background: FakeBackground,
}

impl Fakes {
    /// New fakes, whose random numbers follow from the seed.
    pub fn seeded(seed: u64) -> Self {
        Self {
            store: FakeStore::default(),
            clock: Arc::new(FakeClock::at(1_700_000_000_000)),
            entropy: Arc::new(SeededEntropy::new(seed)),
            hasher: Arc::default(),
            mailer: Arc::default(),
            identity_server: Arc::default(),
            captcha: Arc::new(FakeCaptcha::accepting(["good"])),
            hooks: Arc::default(),
            observer: Arc::default(),
            background: FakeBackground::default(),
        }
    }

    /// The same database and clock after a restart: everything else is new.
    #[must_use]
    pub fn restarted(&self, seed: u64) -> Self {
        Self {
            store: self.store.clone(),
            clock: Arc::clone(&self.clock),
            ..Self::seeded(seed)
        }
    }

    /// The ports over these fakes.
    pub fn ports(&self) -> Ports {
        Ports {
            store: Arc::new(self.store.clone()),
            password_hasher: self.hasher.clone(),
            email: EmailValidation::Local(self.mailer.clone()),
            msisdn: Some(self.identity_server.clone()),
            captcha: Some(self.captcha.clone()),
            hooks: Some(self.hooks.clone()),
            pacer: Arc::new(FakePacer),
            background: Arc::new(self.background.clone()),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
            observer: self.observer.clone(),
        }
    }
}
