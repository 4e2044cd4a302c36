//! The one constructor: [`Ports`] and a [`Policy`] in, [`Services`] out.

use std::sync::Arc;

use crate::account::admin::UserAdmin;
use crate::account::available::Availability;
use crate::account::change_password::PasswordChange;
use crate::account::consent::Consent;
use crate::account::deactivate::own::Deactivation;
use crate::account::login::Login;
use crate::account::profile::Profiles;
use crate::account::register::Registration;
use crate::account::shared_secret::SharedSecretRegistration;
use crate::core::Core;
pub use crate::core::{EmailValidation, Ports};
use crate::device::manage::Devices;
use crate::housekeeping::Housekeeping;
use crate::policy::Policy;
use crate::ports::Clock;
use crate::registration_token::admin::TokenAdmin;
use crate::registration_token::validity::TokenValidity;
use crate::threepid::manage::AccountThreepids;
use crate::threepid::request::TokenRequests;
use crate::threepid::submit::TokenSubmission;
use crate::token::authenticate::Authentication;
use crate::token::logout::Logout;
use crate::token::refresh::Refresh;
use crate::uia::fallback::Fallback;

/// Every use-case, ready to be called.
#[derive(Clone)]
pub struct Services {
    /// `POST /register`.
    pub registration: Registration,
    /// `/_synapse/admin/v1/register`.
    pub shared_secret: SharedSecretRegistration,
    /// `GET /register/m.login.registration_token/validity`.
    pub token_validity: TokenValidity,
    /// `/_synapse/admin/v1/registration_tokens`.
    pub token_admin: TokenAdmin,
    /// `/_synapse/admin/v2/users` and all else about accounts there.
    pub user_admin: UserAdmin,
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
    /// `POST /account/password`.
    pub password_change: PasswordChange,
    /// `POST /account/deactivate`.
    pub deactivation: Deactivation,
    /// `/account/3pid`.
    pub threepids: AccountThreepids,
    /// `GET /profile`.
    pub profiles: Profiles,
    /// `/_matrix/consent`.
    pub consent: Consent,
    /// The web pages of stages.
    pub fallback: Fallback,
    /// `POST …/requestToken`.
    pub token_requests: TokenRequests,
    /// `…/submit_token`.
    pub token_submission: TokenSubmission,
    /// The periodic removal of what has had its time.
    pub housekeeping: Housekeeping,
    /// The clock that all of them go by.
    pub clock: Arc<dyn Clock>,
    /// The policy that all of them follow.
    pub policy: Arc<Policy>,
}

impl Services {
    /// Wires the use-cases to the outside world.
    pub fn new(ports: Ports, policy: Policy) -> Self {
        let policy = Arc::new(policy);
        let clock = Arc::clone(&ports.clock);
        let core = Arc::new(Core::new(ports, Arc::clone(&policy)));
        Self {
            registration: Registration::new(Arc::clone(&core)),
            shared_secret: SharedSecretRegistration::new(Arc::clone(&core)),
            token_validity: TokenValidity::new(Arc::clone(&core)),
            token_admin: TokenAdmin::new(Arc::clone(&core)),
            user_admin: UserAdmin::new(Arc::clone(&core)),
            availability: Availability::new(Arc::clone(&core)),
            login: Login::new(Arc::clone(&core)),
            authentication: Authentication::new(Arc::clone(&core)),
            logout: Logout::new(Arc::clone(&core)),
            refresh: Refresh::new(Arc::clone(&core)),
            devices: Devices::new(Arc::clone(&core)),
            password_change: PasswordChange::new(Arc::clone(&core)),
            deactivation: Deactivation::new(Arc::clone(&core)),
            threepids: AccountThreepids::new(Arc::clone(&core)),
            profiles: Profiles::new(Arc::clone(&core)),
            consent: Consent::new(Arc::clone(&core)),
            fallback: Fallback::new(Arc::clone(&core)),
            token_requests: TokenRequests::new(Arc::clone(&core)),
            token_submission: TokenSubmission::new(Arc::clone(&core)),
            housekeeping: Housekeeping::new(core),
            clock,
            policy,
        }
    }
}
