//! Who may register, and by which flows.

use std::time::Duration;

use registrar_domain::model::id::{CreateRules, Localpart};
use registrar_domain::model::threepid::Medium;
use registrar_domain::model::uia::flow::{Flow, FlowSettings, registration_flows};

use super::captcha::Captcha;
use super::consent::Consent;
use super::keys::{Keys as _, keys};
use super::section::Section;
use super::types::{Checked, Choice, Inert, Int, OneOf, Switch};

keys! {
    pub(crate) struct RegistrationKeys {
        /// Open registration. Needs a verification: an email address, a phone number, a captcha, or a
        /// token.
        enable_registration: Switch = "false",
        /// The opposite of `enable_registration`, from older files; takes precedence.
        disable_registration: Option<Switch>,
        /// Allow registration without any verification. Spammers will find out.
        enable_registration_without_verification: Switch = "false",
        /// What registration requires: `email`, `msisdn`, or both.
        registrations_require_3pid: Vec<OneOf<Medium>> = "[]",
        /// Do not offer phone numbers at registration.
        disable_msisdn_registration: bool = "false",
        /// Registration requires a registration token.
        registration_requires_token: bool = "false",
        /// A registration token replaces the required email address or phone number.
        enable_registration_token_3pid_bypass: bool = "false",
        /// Allow guest accounts.
        allow_guest_access: bool = "false",
        /// Do not disclose whether a username is taken before the rest of the registration is done.
        inhibit_user_in_use_error: bool = "false",
        /// Allow new usernames that begin with an underscore.
        allow_underscore_prefixed_localpart: bool = "false",
        /// The account that a homeserver sends notices from.
        server_notices: ServerNoticesKeys,
        /// No longer supported; must be false.
        invite_3pid_guest: bool = "false",
        /// Accounts that expire. Unsupported: accounts do not expire here.
        account_validity: AccountValidityKeys,
    }
    unused {
        /// Passwords are hashed with argon2id here: see `registrar.hashing`. Imported bcrypt hashes are
        /// accepted up to a cost of 17.
        bcrypt_rounds: Checked<Option<Int<u8, 0, 31>>>,
    }
}

keys! {
    pub(crate) struct ServerNoticesKeys {
        /// Its localpart, which nobody may register.
        system_mxid_localpart: Option<Localpart>,
    }
    unused {
        /// Notices from the server: the homeserver.
        system_mxid_display_name: Inert<String>,
        /// Notices from the server: the homeserver.
        system_mxid_avatar_url: Inert<String>,
        /// Notices from the server: the homeserver.
        room_name: Inert<String>,
        /// Notices from the server: the homeserver.
        room_avatar_url: Inert<String>,
        /// Notices from the server: the homeserver.
        room_topic: Inert<String>,
        /// Notices from the server: the homeserver.
        auto_join: Inert<bool>,
    }
}

keys! {
    pub(crate) struct AccountValidityKeys {
        /// Whether accounts expire. Needs `period`.
        enabled: bool = "false",
        /// How long accounts are valid.
        period: Option<Duration>,
    }
    unused {
        /// Accounts do not expire here.
        renew_at: Inert<Duration>,
        /// Accounts do not expire here.
        renew_email_subject: Inert<String>,
        /// Accounts do not expire here.
        account_renewed_html_path: Inert<String>,
        /// Accounts do not expire here.
        invalid_token_html_path: Inert<String>,
        /// Accounts do not expire here.
        template_dir: Inert<String>,
    }
}

impl Choice for Medium {
    const WORDS: &'static [&'static str] = &["email", "msisdn"];
    const VALUES: &'static [Self] = &[Self::Email, Self::Msisdn];
}

/// Who may register, and by which flows.
pub(crate) struct Registration {
    pub(crate) enabled: bool,
    pub(crate) guests_allowed: bool,
    /// The flows, in the order in which clients are offered them.
    pub(crate) flows: Vec<Flow>,
    /// Registration tokens are required or let people do without a third-party identifier.
    pub(crate) tokens_enabled: bool,
    pub(crate) inhibit_user_in_use_error: bool,
    pub(crate) localparts: CreateRules,
    pub(crate) server_notices_localpart: Option<Localpart>,
}

/// What other sections contribute to the flows.
pub(crate) struct Stages<'c> {
    /// Can email addresses be validated, here or by a delegate?
    pub(crate) email_enabled: bool,
    /// Can phone numbers be validated?
    pub(crate) msisdn_enabled: bool,
    pub(crate) captcha: &'c Captcha,
    pub(crate) consent: Option<&'c Consent>,
}

impl Registration {
    pub(crate) fn read(root: &Section<'_>, stages: &Stages<'_>) -> Self {
        let keys = RegistrationKeys::read(root);
        check_foreign(&keys);
        let settings = read_flow_settings(&keys, stages);
        let enabled = match *keys.disable_registration {
            Some(disabled) => !disabled,
            None => *keys.enable_registration,
        };
        let verified = settings.require_email
            || settings.require_msisdn
            || settings.require_captcha
            || settings.require_token;
        if enabled && !verified && !*keys.enable_registration_without_verification {
            keys.enable_registration.at.mistake(
                "registration would be open to every script on the internet: require an email \
                 address (`registrations_require_3pid`), a captcha \
                 (`enable_registration_captcha`) or a token (`registration_requires_token`), or \
                 say that you mean it with `enable_registration_without_verification: true`",
            );
        }
        let required = &keys.registrations_require_3pid;
        let flows = required.at.accept(registration_flows(&settings));
        Self {
            enabled,
            guests_allowed: *keys.allow_guest_access,
            flows: flows.unwrap_or_default(),
            tokens_enabled: settings.require_token || settings.token_3pid_bypass,
            inhibit_user_in_use_error: *keys.inhibit_user_in_use_error,
            localparts: CreateRules {
                allow_underscore_prefix: *keys.allow_underscore_prefixed_localpart,
            },
            server_notices_localpart: keys.server_notices.system_mxid_localpart.clone(),
        }
    }
}

fn read_flow_settings(keys: &RegistrationKeys, stages: &Stages<'_>) -> FlowSettings {
    let required = &keys.registrations_require_3pid;
    let requires = |medium| required.iter().any(|it| **it == medium);
    let consent = stages.consent;
    FlowSettings {
        require_email: requires(Medium::Email),
        require_msisdn: requires(Medium::Msisdn),
        disable_msisdn: *keys.disable_msisdn_registration,
        email_enabled: stages.email_enabled,
        msisdn_enabled: stages.msisdn_enabled,
        token_3pid_bypass: *keys.enable_registration_token_3pid_bypass,
        require_consent: consent.is_some_and(|consent| consent.is_required),
        require_captcha: stages.captcha.is_required,
        require_token: *keys.registration_requires_token,
    }
}

/// Options without effect here whose mistakes stop a homeserver, too.
fn check_foreign(keys: &RegistrationKeys) {
    if *keys.invite_3pid_guest {
        let at = &keys.invite_3pid_guest.at;
        at.mistake("is no longer supported: remove it");
    }
    let validity = &keys.account_validity;
    if *validity.enabled {
        validity
            .period
            .require("is required when `account_validity` is enabled");
    }
}
