//! The one constructor: [`Ports`] and a [`Policy`] in, [`Services`] out.

use std::sync::Arc;

use crate::account::available::Availability;
use crate::account::login::Login;
use crate::account::profile::Profiles;
use crate::account::register::Registration;
use crate::device::manage::Devices;
use crate::id::{Localpart, UserId};
use crate::limit::Limiter;
use crate::policy::{Policy, Rates};
use crate::ports::{Clock, Entropy, Pacer, PasswordHasher, Store};
use crate::time::Timestamp;
use crate::token::authenticate::Authentication;
use crate::token::logout::Logout;
use crate::token::refresh::Refresh;
use crate::uia::expire::UiaExpiry;

/// The outside world, as the use-cases see it.
#[derive(Clone)]
pub struct Ports {
    /// The database.
    pub store: Arc<dyn Store>,
    /// Where passwords are hashed.
    pub password_hasher: Arc<dyn PasswordHasher>,
    /// Slows down questions about username availability.
    pub pacer: Arc<dyn Pacer>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
}

/// Every use-case, ready to be called.
#[derive(Clone)]
pub struct Services {
    /// `POST /register`.
    pub registration: Registration,
    /// `GET /register/available`.
    pub availability: Availability,
    /// `GET` and `POST /login`.
    pub login: Login,
    /// Who makes a request with an access token.
    pub authentication: Authentication,
    /// `POST /logout` and `/logout/all`.
    pub logout: Logout,
    /// `POST /refresh`.
    pub refresh: Refresh,
    /// `/devices` and `/delete_devices`.
    pub devices: Devices,
    /// `GET /profile`.
    pub profiles: Profiles,
    /// The periodic removal of old UIA sessions.
    pub uia_expiry: UiaExpiry,
    /// The policy that all of them follow.
    pub policy: Arc<Policy>,
}

impl Services {
    /// Wires the use-cases to the outside world.
    pub fn new(ports: Ports, policy: Policy) -> Self {
        let policy = Arc::new(policy);
        let limits = Limits::new(&policy.rates);
        let core = Arc::new(Core {
            ports,
            policy: Arc::clone(&policy),
            limits,
        });
        Self {
            registration: Registration::new(Arc::clone(&core)),
            availability: Availability::new(Arc::clone(&core)),
            login: Login::new(Arc::clone(&core)),
            authentication: Authentication::new(Arc::clone(&core)),
            logout: Logout::new(Arc::clone(&core)),
            refresh: Refresh::new(Arc::clone(&core)),
            devices: Devices::new(Arc::clone(&core)),
            profiles: Profiles::new(Arc::clone(&core)),
            uia_expiry: UiaExpiry::new(core),
            policy,
        }
    }
}

/// What all use-cases share.
pub(crate) struct Core {
    pub(crate) ports: Ports,
    pub(crate) policy: Arc<Policy>,
    pub(crate) limits: Limits,
}

impl Core {
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
    pub(crate) login_address: Limiter,
    pub(crate) login_account: Limiter,
    pub(crate) login_failed_attempts: Limiter,
}

impl Limits {
    fn new(rates: &Rates) -> Self {
        Self {
            registration: Limiter::new(rates.registration),
            login_address: Limiter::new(rates.login_address),
            login_account: Limiter::new(rates.login_account),
            login_failed_attempts: Limiter::new(rates.login_failed_attempts),
        }
    }
}
