//! The one constructor: [`Ports`] and a [`Policy`] in, [`Services`] out.

use std::sync::Arc;

use crate::model::clock::Clock;
use crate::model::policy::Policy;
use crate::ports::Ports;
use crate::usecase::account::change_password::PasswordChange;
use crate::usecase::account::consent::Consent;
use crate::usecase::account::deactivate::own::Deactivation;
use crate::usecase::account::profile::Profiles;
use crate::usecase::admin::UserAdmin;
use crate::usecase::device::Devices;
use crate::usecase::housekeeping::Housekeeping;
use crate::usecase::login::Login;
use crate::usecase::registration::Registration;
use crate::usecase::registration::available::Availability;
use crate::usecase::registration::shared_secret::SharedSecretRegistration;
use crate::usecase::registration_token::admin::TokenAdmin;
use crate::usecase::registration_token::validity::TokenValidity;
use crate::usecase::shared::Shared;
use crate::usecase::threepid::manage::AccountThreepids;
use crate::usecase::threepid::request::TokenRequests;
use crate::usecase::threepid::submit::TokenSubmission;
use crate::usecase::token::authenticate::Authentication;
use crate::usecase::token::logout::Logout;
use crate::usecase::token::refresh::Refresh;
use crate::usecase::uia::fallback::Fallback;

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
    /// The periodic removal of expired sessions, tokens and proofs.
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
        let shared = Arc::new(Shared::new(ports, Arc::clone(&policy)));
        Self {
            registration: Registration::new(Arc::clone(&shared)),
            shared_secret: SharedSecretRegistration::new(Arc::clone(&shared)),
            token_validity: TokenValidity::new(Arc::clone(&shared)),
            token_admin: TokenAdmin::new(Arc::clone(&shared)),
            user_admin: UserAdmin::new(Arc::clone(&shared)),
            availability: Availability::new(Arc::clone(&shared)),
            login: Login::new(Arc::clone(&shared)),
            authentication: Authentication::new(Arc::clone(&shared)),
            logout: Logout::new(Arc::clone(&shared)),
            refresh: Refresh::new(Arc::clone(&shared)),
            devices: Devices::new(Arc::clone(&shared)),
            password_change: PasswordChange::new(Arc::clone(&shared)),
            deactivation: Deactivation::new(Arc::clone(&shared)),
            threepids: AccountThreepids::new(Arc::clone(&shared)),
            profiles: Profiles::new(Arc::clone(&shared)),
            consent: Consent::new(Arc::clone(&shared)),
            fallback: Fallback::new(Arc::clone(&shared)),
            token_requests: TokenRequests::new(Arc::clone(&shared)),
            token_submission: TokenSubmission::new(Arc::clone(&shared)),
            housekeeping: Housekeeping::new(shared),
            clock,
            policy,
        }
    }
}
