//! The operator's choices as validated plain values. Where they come from is the server's business.

use std::time::Duration;

use crate::model::appservice::AppServices;
use crate::model::id::{CreateRules, Localpart, ServerName};
use crate::model::limit::Rate;
use crate::model::password::strength::StrengthRules;
use crate::model::secret::Secret;
use crate::model::threepid::{AllowedThreepid, Threepid};
use crate::model::uia::Stage;
use crate::model::uia::flow::Flow;

/// Everything that the use-cases want to know about the operator's settings.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The server that accounts belong to.
    pub server_name: ServerName,
    /// Who may register, and how.
    pub registration: RegistrationPolicy,
    /// Passwords.
    pub password: PasswordPolicy,
    /// Whether the server can be used at all.
    pub usage: UsagePolicy,
    /// What accounts may be, and who sees them.
    pub accounts: AccountPolicy,
    /// Third-party identifiers.
    pub threepids: ThreepidPolicy,
    /// How long tokens live.
    pub lifetimes: TokenLifetimes,
    /// How fast clients may act.
    pub rates: Rates,
    /// `ui_auth.session_timeout`: for how long after proving who they are signed-in users are not asked
    /// again. Zero: always ask.
    pub ui_auth_session_timeout: Duration,
}

/// Who may register, and how.
#[derive(Clone, Debug)]
pub struct RegistrationPolicy {
    /// `enable_registration`. Guests and application services do not depend on it.
    pub enabled: bool,
    /// `allow_guest_access`.
    pub guests_allowed: bool,
    /// The flows of `POST /register`, from [`registration_flows`](crate::model::uia::flow::registration_flows).
    pub flows: Vec<Flow>,
    /// The stages that clients may attempt, whether a flow lists them or not.
    pub stages: Vec<Stage>,
    /// `recaptcha_public_key`: what clients need to show the captcha.
    pub captcha_public_key: Option<String>,
    /// `user_consent`: the policy that the terms stage is about.
    pub consent: Option<ConsentPolicy>,
    /// `app_service_config_files`.
    pub appservices: AppServices,
    /// `registration_shared_secret`: anyone who knows it may register accounts.
    pub shared_secret: Option<Secret<String>>,
    /// `inhibit_user_in_use_error`: do not tell before interactive authentication is complete.
    pub inhibit_user_in_use_error: bool,
    /// Rules for new localparts.
    pub localparts: CreateRules,
    /// `server_notices.system_mxid_localpart`: nobody may register it.
    pub server_notices_localpart: Option<Localpart>,
}

/// The policy that people agree to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsentPolicy {
    /// `user_consent.version`, recorded with the account.
    pub version: String,
    /// `user_consent.policy_name`.
    pub name: String,
    /// Where it can be read.
    pub url: String,
    /// `form_secret`: signs the links by which people agree. `None`: there are no such links.
    pub form_secret: Option<Secret<String>>,
}

/// Whether the server can be used at all.
#[derive(Clone, Debug, Default)]
pub struct UsagePolicy {
    /// `hs_disabled`, `hs_disabled_message`, `admin_contact`.
    pub disabled: Option<ServerDisabled>,
    /// `limit_usage_by_mau`.
    pub monthly: Option<MonthlyLimit>,
}

/// What accounts may be, and who sees them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountPolicy {
    /// Who may read the profiles of others.
    pub profiles: ProfileReaders,
    /// `user_types`.
    pub user_types: UserTypes,
}

/// Who may read the profiles of others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ProfileReaders {
    /// Everybody, also without an access token.
    #[default]
    Everybody,
    /// `require_auth_for_profile_requests`: users with an access token.
    Users,
    /// `limit_profile_requests_to_users_who_share_rooms` as well: nobody shares a room on a server
    /// that has none, so that users read their own profile only.
    Nobody,
}

/// What accounts can be, besides people's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserTypes {
    /// `user_types.extra_user_types`: the types beside [`UserTypes::BUILT_IN`].
    pub extra: Vec<String>,
    /// `user_types.default_user_type`: what a new account with a chosen name is, unless an
    /// administrator says otherwise.
    pub default: Option<String>,
}

impl UserTypes {
    /// The types that every server knows.
    pub const BUILT_IN: [&str; 2] = ["bot", "support"];

    /// Is this one of the types?
    pub fn contains(&self, user_type: &str) -> bool {
        Self::BUILT_IN.contains(&user_type) || self.extra.iter().any(|extra| extra == user_type)
    }
}

/// A limit on the number of people who use the server in a month.
#[derive(Clone, Debug)]
pub struct MonthlyLimit {
    /// `max_mau_value`.
    pub max_users: u64,
    /// `mau_limit_reserved_threepids`: the owners of these addresses always have a place.
    pub reserved: Vec<Threepid>,
    /// `mau_trial_days`: for how long after registration a user does not count.
    pub trial: Duration,
    /// `admin_contact`.
    pub admin_contact: Option<String>,
}

/// The operator has switched the server off for its users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerDisabled {
    /// `hs_disabled_message`.
    pub message: String,
    /// `admin_contact`.
    pub admin_contact: Option<String>,
}

/// `password_config`.
#[derive(Clone, Debug)]
pub struct PasswordPolicy {
    /// `password_config.enabled` and `localdb_enabled`: may people log in with a password?
    /// Registration asks for one in any case.
    pub login_enabled: bool,
    /// The same, or `password_config.enabled: only_for_reauth`: may people who are logged in already
    /// confirm with their password what they do, and change it?
    pub reauth_enabled: bool,
    /// `password_config.policy`, if enabled.
    pub strength: Option<StrengthRules>,
}

/// Third-party identifiers.
#[derive(Clone, Debug)]
pub struct ThreepidPolicy {
    /// `public_baseurl`, with a slash at the end: where the links in mails lead.
    pub public_baseurl: String,
    /// `email.validation_token_lifetime`: how long such a link can be opened.
    pub validation_token_lifetime: Duration,
    /// `allowed_local_3pids`; if there is none, every address is allowed.
    pub allowed: Vec<AllowedThreepid>,
    /// `request_token_inhibit_3pid_errors`: do not tell whether an address belongs to an account.
    pub inhibit_errors: bool,
    /// `next_link_domain_whitelist`: the hosts that a validation may lead on to; `None` for any.
    pub next_link_hosts: Option<Vec<String>>,
    /// `enable_3pid_changes`: may accounts change their addresses?
    pub changes_allowed: bool,
    /// `registrar.validation`.
    pub validation: ValidationPolicy,
}

/// `registrar.validation`: what it takes to have a message sent, and to confirm an address.
#[derive(Clone, Debug, Default)]
pub struct ValidationPolicy {
    /// `confirm_links`.
    pub confirm_links: ConfirmLinks,
    /// `require_login`: messages to add an address are sent to signed-in users only.
    pub login_required: bool,
    /// `require_stages`: what must have been passed before a message is sent for a registration.
    pub required_stages: Vec<Stage>,
    /// `max_mails_per_hour` of the whole deployment.
    pub max_mails_per_hour: Option<u32>,
    /// `max_texts_per_hour` of the whole deployment.
    pub max_texts_per_hour: Option<u32>,
}

/// What confirms an address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ConfirmLinks {
    /// Opening the link in a mail.
    #[default]
    Open,
    /// The button on the page behind it: programs that look at mails open links, but press no buttons.
    Button,
}

/// How long tokens live. `None` means for ever.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TokenLifetimes {
    /// `session_lifetime`: from login until it ends for good; caps the others.
    pub session: Option<Duration>,
    /// `refreshable_access_token_lifetime`; `None` switches refresh tokens off.
    pub refreshable_access: Option<Duration>,
    /// `nonrefreshable_access_token_lifetime`.
    pub nonrefreshable_access: Option<Duration>,
    /// `refresh_token_lifetime`.
    pub refresh: Option<Duration>,
}

/// The `rc_*` options.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rates {
    /// `rc_registration`, per client address.
    pub registration: Rate,
    /// `rc_registration_token_validity`, per client address.
    pub registration_token_validity: Rate,
    /// `registrar.rates.failed_registration_tokens`, failures of all clients together.
    pub failed_registration_tokens: Rate,
    /// `rc_3pid_validation`, per medium and client address, and per medium and address to validate.
    pub threepid_validation: Rate,
    /// `rc_login.address`, per client address.
    pub login_address: Rate,
    /// `rc_login.account`, per account, successful logins.
    pub login_account: Rate,
    /// `rc_login.failed_attempts`, per account or identifier, failures.
    pub login_failed_attempts: Rate,
}

impl Policy {
    /// What a server of this name does whose operator chose nothing else: registration is closed, the
    /// limits are Synapse's defaults, and access tokens that come with a refresh token live for five
    /// minutes. `public_baseurl` is where the links in mails lead, with a slash at the end.
    ///
    /// Change what should differ: every field is public.
    pub fn new(server_name: ServerName, public_baseurl: impl Into<String>) -> Self {
        Self {
            server_name,
            registration: RegistrationPolicy::default(),
            password: PasswordPolicy::default(),
            usage: UsagePolicy::default(),
            accounts: AccountPolicy::default(),
            threepids: ThreepidPolicy::new(public_baseurl),
            lifetimes: TokenLifetimes {
                refreshable_access: Some(Duration::from_mins(5)),
                ..TokenLifetimes::default()
            },
            rates: Rates::default(),
            ui_auth_session_timeout: Duration::ZERO,
        }
    }
}

impl Default for RegistrationPolicy {
    /// Closed. Once [enabled](Self::enabled), the dummy stage suffices.
    fn default() -> Self {
        Self {
            enabled: false,
            guests_allowed: false,
            flows: vec![Flow::new([Stage::Dummy])],
            stages: vec![Stage::Dummy],
            captcha_public_key: None,
            consent: None,
            appservices: AppServices::default(),
            shared_secret: None,
            inhibit_user_in_use_error: false,
            localparts: CreateRules::default(),
            server_notices_localpart: None,
        }
    }
}

impl Default for PasswordPolicy {
    /// Passwords of any strength.
    fn default() -> Self {
        Self {
            login_enabled: true,
            reauth_enabled: true,
            strength: None,
        }
    }
}

impl ThreepidPolicy {
    /// Every address is allowed, and links live for an hour.
    pub fn new(public_baseurl: impl Into<String>) -> Self {
        Self {
            public_baseurl: public_baseurl.into(),
            validation_token_lifetime: Duration::from_hours(1),
            allowed: Vec::new(),
            inhibit_errors: false,
            next_link_hosts: None,
            changes_allowed: true,
            validation: ValidationPolicy::default(),
        }
    }
}

impl Rates {
    /// The same rate for everything.
    pub const fn all(rate: Rate) -> Self {
        Self {
            registration: rate,
            registration_token_validity: rate,
            failed_registration_tokens: rate,
            threepid_validation: rate,
            login_address: rate,
            login_account: rate,
            login_failed_attempts: rate,
        }
    }
}

impl Default for Rates {
    /// Those of Synapse.
    fn default() -> Self {
        let rate = |per_second, burst_count| Rate {
            per_second,
            burst_count,
        };
        Self {
            registration: rate(0.17, 3.0),
            registration_token_validity: rate(0.1, 5.0),
            failed_registration_tokens: rate(10.0, 200.0),
            threepid_validation: rate(0.003, 5.0),
            login_address: rate(0.003, 5.0),
            login_account: rate(0.003, 5.0),
            login_failed_attempts: rate(0.17, 3.0),
        }
    }
}
