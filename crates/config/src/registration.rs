//! Who may register, and by which flows.

use registrar_domain::model::id::{CreateRules, Localpart};
use registrar_domain::model::uia::flow::{Flow, FlowSettings, registration_flows};

use super::captcha::Captcha;
use super::consent::Consent;
use super::key::{Key, Kind};
use super::section::Section;
use super::threepids::Threepids;

pub(super) const KEYS: &[Key] = &[
    Key::new(
        "enable_registration",
        Kind::Switch,
        "May people register by themselves? Needs a verification: an email address, a phone \
         number, a captcha, or a token.",
    )
    .or("false"),
    Key::new(
        "disable_registration",
        Kind::Switch,
        "The opposite of `enable_registration`, from older files; wins over it.",
    ),
    Key::new(
        WITHOUT_VERIFICATION,
        Kind::Switch,
        "Allow registration without any verification. Spammers will find out.",
    )
    .or("false"),
    Key::new(
        REQUIRE_3PID,
        Kind::List(&Kind::Text),
        "What everybody must own to register: `email`, `msisdn`, or both.",
    )
    .or("[]"),
    Key::new(
        "disable_msisdn_registration",
        Kind::Flag,
        "Do not offer phone numbers at registration.",
    )
    .or("false"),
    Key::new(
        "registration_requires_token",
        Kind::Flag,
        "Everybody needs a registration token.",
    )
    .or("false"),
    Key::new(
        "enable_registration_token_3pid_bypass",
        Kind::Flag,
        "A registration token replaces the required email address or phone number.",
    )
    .or("false"),
    Key::new(
        "allow_guest_access",
        Kind::Flag,
        "May guests come without registering?",
    )
    .or("false"),
    Key::new(
        "inhibit_user_in_use_error",
        Kind::Flag,
        "Do not tell whether a username is taken before the rest of the registration is \
         done.",
    )
    .or("false"),
    Key::new(
        "allow_underscore_prefixed_localpart",
        Kind::Flag,
        "May new usernames begin with an underscore?",
    )
    .or("false"),
    Key::new(
        "server_notices",
        Kind::Section(SERVER_NOTICES),
        "The account that a homeserver sends notices from.",
    ),
    Key::new(
        "bcrypt_rounds",
        Kind::Integer(0, 31),
        "Passwords are hashed with argon2id here: see `registrar.hashing`. Hashes of bcrypt \
         from elsewhere are understood up to a cost of 17.",
    )
    .inert(),
    Key::new(
        "invite_3pid_guest",
        Kind::Flag,
        "No longer supported by anybody; must be false.",
    )
    .or("false"),
    Key::new(
        "account_validity",
        Kind::Section(ACCOUNT_VALIDITY),
        "Accounts that expire. Not obeyed: accounts do not expire here.",
    ),
];

const WITHOUT_VERIFICATION: &str = "enable_registration_without_verification";
const REQUIRE_3PID: &str = "registrations_require_3pid";

const SERVER_NOTICES: &[Key] = &[
    Key::new(
        "system_mxid_localpart",
        Kind::Text,
        "Its localpart, which nobody may register.",
    ),
    Key::new(
        "system_mxid_display_name",
        Kind::Text,
        "Notices from the server: the homeserver.",
    )
    .inert(),
    Key::new(
        "system_mxid_avatar_url",
        Kind::Text,
        "Notices from the server: the homeserver.",
    )
    .inert(),
    Key::new(
        "room_name",
        Kind::Text,
        "Notices from the server: the homeserver.",
    )
    .inert(),
    Key::new(
        "room_avatar_url",
        Kind::Text,
        "Notices from the server: the homeserver.",
    )
    .inert(),
    Key::new(
        "room_topic",
        Kind::Text,
        "Notices from the server: the homeserver.",
    )
    .inert(),
    Key::new(
        "auto_join",
        Kind::Flag,
        "Notices from the server: the homeserver.",
    )
    .inert(),
];

const NO_EXPIRY: &str = "Accounts do not expire here.";

const ACCOUNT_VALIDITY: &[Key] = &[
    Key::new("enabled", Kind::Flag, "Do accounts expire? Needs `period`.").or("false"),
    Key::new("period", Kind::Duration, "After how long."),
    Key::new("renew_at", Kind::Duration, NO_EXPIRY).inert(),
    Key::new("renew_email_subject", Kind::Text, NO_EXPIRY).inert(),
    Key::new("account_renewed_html_path", Kind::Text, NO_EXPIRY).inert(),
    Key::new("invalid_token_html_path", Kind::Text, NO_EXPIRY).inert(),
    Key::new("template_dir", Kind::Text, NO_EXPIRY).inert(),
];

/// Who may register, and by which flows.
#[derive(Clone, Debug)]
pub struct Registration {
    /// `enable_registration`, with `disable_registration` applied.
    pub enabled: bool,
    /// `allow_guest_access`.
    pub guests_allowed: bool,
    /// The flows, in the order in which clients are offered them.
    pub flows: Vec<Flow>,
    /// Registration tokens are required or let people do without a third-party identifier.
    pub tokens_enabled: bool,
    /// `inhibit_user_in_use_error`.
    pub inhibit_user_in_use_error: bool,
    /// Rules for new localparts.
    pub localparts: CreateRules,
    /// `server_notices.system_mxid_localpart`.
    pub server_notices_localpart: Option<Localpart>,
}

/// What other sections contribute to the flows.
pub(super) struct Stages<'c> {
    /// Can email addresses be validated, here or by a delegate?
    pub(super) email_enabled: bool,
    pub(super) threepids: &'c Threepids,
    pub(super) captcha: &'c Captcha,
    pub(super) consent: Option<&'c Consent>,
}

impl Registration {
    pub(super) fn read(root: &Section<'_>, stages: &Stages<'_>) -> Self {
        check_foreign(root);
        let enabled = read_enabled(root);
        let settings = read_flow_settings(root, stages);
        let verified = settings.require_email
            || settings.require_msisdn
            || settings.require_captcha
            || settings.require_token;
        let unverified_is_fine = root.switch(WITHOUT_VERIFICATION);
        if enabled && !verified && !unverified_is_fine {
            root.mistake(
                "enable_registration",
                "registration would be open to every script on the internet: require an email \
                 address (`registrations_require_3pid`), a captcha \
                 (`enable_registration_captcha`) or a token (`registration_requires_token`), or \
                 say that you mean it with `enable_registration_without_verification: true`",
            );
        }
        let flows = root
            .accept(REQUIRE_3PID, registration_flows(&settings))
            .unwrap_or_default();
        let notices = root.section("server_notices");
        let server_notices_localpart = notices.text("system_mxid_localpart").and_then(|text| {
            let parsed = Localpart::read(&text);
            notices.accept(
                "system_mxid_localpart",
                parsed.ok_or("is not a localpart such as `notices`"),
            )
        });
        Self {
            enabled,
            guests_allowed: root.flag("allow_guest_access"),
            flows,
            tokens_enabled: settings.require_token || settings.token_3pid_bypass,
            inhibit_user_in_use_error: root.flag("inhibit_user_in_use_error"),
            localparts: CreateRules {
                allow_underscore_prefix: root.flag("allow_underscore_prefixed_localpart"),
            },
            server_notices_localpart,
        }
    }
}

fn read_enabled(root: &Section<'_>) -> bool {
    let enabled = root.switch("enable_registration");
    root.switch_if_given("disable_registration")
        .map_or(enabled, |disabled| !disabled)
}

fn read_flow_settings(root: &Section<'_>, stages: &Stages<'_>) -> FlowSettings {
    let required = root.texts(REQUIRE_3PID);
    for medium in required
        .iter()
        .filter(|m| !["email", "msisdn"].contains(&m.as_str()))
    {
        root.mistake(
            REQUIRE_3PID,
            format!("`{medium}` is neither `email` nor `msisdn`"),
        );
    }
    let requires = |medium: &str| required.iter().any(|required| required == medium);
    FlowSettings {
        require_email: requires("email"),
        require_msisdn: requires("msisdn"),
        disable_msisdn: root.flag("disable_msisdn_registration"),
        email_enabled: stages.email_enabled,
        msisdn_enabled: stages.threepids.msisdn_delegate.is_some(),
        token_3pid_bypass: root.flag("enable_registration_token_3pid_bypass"),
        require_consent: stages
            .consent
            .is_some_and(|consent| consent.required_at_registration),
        require_captcha: stages.captcha.required_at_registration,
        require_token: root.flag("registration_requires_token"),
    }
}

/// Options without effect here whose mistakes stop a homeserver, too.
fn check_foreign(root: &Section<'_>) {
    root.integer_if_given::<u8>("bcrypt_rounds");
    if root.flag("invite_3pid_guest") {
        root.mistake("invite_3pid_guest", "is no longer supported: remove it");
    }
    let validity = root.section("account_validity");
    let period = validity.duration_if_given("period");
    if validity.flag("enabled") && period.is_none() {
        validity.require("period", "is required when `account_validity` is enabled");
    }
}
