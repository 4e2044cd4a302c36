//! [`Core`]: what all use-cases share. Made by [`services`](crate::services), seen by nobody outside.

use std::sync::Arc;

use crate::id::{Localpart, UserId};
use crate::limit::Limiter;
use crate::policy::{Policy, Rates};
use crate::ports::{
    CaptchaVerifier, Clock, Entropy, IdentityServer, Mailer, Pacer, PasswordHasher,
    RegistrationHooks, Store,
};
use crate::time::Timestamp;

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
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
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
}

impl Core {
    pub(crate) fn new(ports: Ports, policy: Arc<Policy>) -> Self {
        let limits = Limits::new(&policy.rates);
        Self {
            ports,
            policy,
            limits,
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.ports.clock.now()
    }

    pub(crate) fn entropy(&self) -> &dyn Entropy {
        &*self.ports.entropy
    }

    pub(crate) fn user_id(&self, localpart: &Localpart) -> UserId {
        UserId::new(localpart.clone(), self.policy.server_name.clone())
    }
}

/// The limiters, one for each `rc_*` option.
pub(crate) struct Limits {
    pub(crate) registration: Limiter,
    pub(crate) registration_token_validity: Limiter,
    pub(crate) threepid_by_client: Limiter,
    pub(crate) threepid_by_address: Limiter,
    pub(crate) login_address: Limiter,
    pub(crate) login_account: Limiter,
    pub(crate) login_failed_attempts: Limiter,
}

impl Limits {
    fn new(rates: &Rates) -> Self {
        Self {
            registration: Limiter::new(rates.registration),
            registration_token_validity: Limiter::new(rates.registration_token_validity),
            threepid_by_client: Limiter::new(rates.threepid_validation),
            threepid_by_address: Limiter::new(rates.threepid_validation),
            login_address: Limiter::new(rates.login_address),
            login_account: Limiter::new(rates.login_account),
            login_failed_attempts: Limiter::new(rates.login_failed_attempts),
        }
    }
}
