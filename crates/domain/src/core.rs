//! [`Core`]: what all use-cases share. Made by [`services`](crate::services), seen by nobody outside.

use std::sync::Arc;

use crate::id::{Localpart, UserId};
use crate::limit::{Limiter, Rate, WatchedLimiter};
use crate::policy::{Policy, Rates};
use crate::ports::observer::{Event, Limit};
use crate::ports::{
    Background, CaptchaVerifier, Clock, Entropy, IdentityServer, Mailer, Observer, Pacer,
    PasswordHasher, RegistrationHooks, Store,
};
use crate::threepid::request::Flights;
use crate::time::{MonotonicTime, Timestamp};

/// The outside world, as the use-cases see it.
#[derive(Clone)]
pub struct Ports {
    /// The database.
    pub store: Arc<dyn Store>,
    /// Where passwords are hashed.
    pub password_hasher: Arc<dyn PasswordHasher>,
    /// Who validates email addresses.
    pub email: EmailValidation,
    /// Who validates phone numbers.
    pub msisdn: Option<Arc<dyn IdentityServer>>,
    /// Who tells people from programs.
    pub captcha: Option<Arc<dyn CaptchaVerifier>>,
    /// The operator's own rules, if there are any.
    pub hooks: Option<Arc<dyn RegistrationHooks>>,
    /// Slows down questions about username availability.
    pub pacer: Arc<dyn Pacer>,
    /// Where work goes on that an answer does not wait for.
    pub background: Arc<dyn Background>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// Whoever counts what happens.
    pub observer: Arc<dyn Observer>,
}

/// Who validates email addresses.
#[derive(Clone)]
pub enum EmailValidation {
    /// Nobody.
    Off,
    /// This server, by a mail with a link.
    Local(Arc<dyn Mailer>),
    /// An identity server.
    Delegated(Arc<dyn IdentityServer>),
}

/// What all use-cases share.
pub(crate) struct Core {
    pub(crate) ports: Ports,
    pub(crate) policy: Arc<Policy>,
    pub(crate) limits: Limits,
    /// Messages that are being sent.
    pub(crate) flights: Flights,
}

impl Core {
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

/// While the deployment's failures with registration tokens are spent, each neighborhood may fail once
/// an hour. A right token is no failure, so people who have one keep registering during an attack.
const RESERVED_TOKEN_ATTEMPTS: Rate = Rate {
    per_second: 1.0 / 3600.0,
    burst_count: 1.0,
};

/// Passwords that are hashed for one registration of an address, on average and at once: people
/// change their minds, and many can stand behind one address.
const HASHES_PER_REGISTRATION: f64 = 10.0;

fn unproved_hashes(registration: Rate) -> Rate {
    Rate {
        per_second: registration.per_second * HASHES_PER_REGISTRATION,
        burst_count: registration.burst_count * HASHES_PER_REGISTRATION,
    }
}

/// The limiters, one for each `rc_*` option.
pub(crate) struct Limits {
    pub(crate) registration: WatchedLimiter,
    pub(crate) registration_token_validity: WatchedLimiter,
    /// Failures with registration tokens, all clients together.
    pub(crate) failed_registration_tokens: WatchedLimiter,
    /// What each neighborhood may still fail while those are spent.
    pub(crate) reserved_token_attempts: Limiter,
    /// Passwords that are hashed for clients that have proved nothing.
    pub(crate) unproved_hashes: WatchedLimiter,
    pub(crate) threepid_by_client: WatchedLimiter,
    pub(crate) threepid_by_address: WatchedLimiter,
    pub(crate) login_address: WatchedLimiter,
    pub(crate) login_account: WatchedLimiter,
    pub(crate) login_failed_attempts: WatchedLimiter,
}

impl Limits {
    fn new(rates: &Rates, observer: &Arc<dyn Observer>) -> Self {
        let watched = |limit, rate| WatchedLimiter::new(limit, rate, observer);
        Self {
            registration: watched(Limit::Registration, rates.registration),
            registration_token_validity: watched(
                Limit::RegistrationTokenValidity,
                rates.registration_token_validity,
            ),
            failed_registration_tokens: watched(
                Limit::FailedRegistrationTokens,
                rates.failed_registration_tokens,
            ),
            reserved_token_attempts: Limiter::new(RESERVED_TOKEN_ATTEMPTS),
            unproved_hashes: watched(Limit::UnprovedHashes, unproved_hashes(rates.registration)),
            threepid_by_client: watched(Limit::ThreepidByClient, rates.threepid_validation),
            threepid_by_address: watched(Limit::ThreepidByAddress, rates.threepid_validation),
            login_address: watched(Limit::LoginAddress, rates.login_address),
            login_account: watched(Limit::LoginAccount, rates.login_account),
            login_failed_attempts: watched(Limit::LoginFailedAttempts, rates.login_failed_attempts),
        }
    }
}
