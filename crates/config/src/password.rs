//! `password_config`.

use registrar_domain::model::password::Pepper;
use registrar_domain::model::password::strength::StrengthRules;
use registrar_domain::model::policy::PasswordPolicy;

use super::key::{Key, Kind};
use super::section::Section;

pub(super) const KEYS: &[Key] = &[Key::new(
    "password_config",
    Kind::Section(PASSWORD),
    "Passwords: logging in with them, and what they must look like.",
)];

const PASSWORD: &[Key] = &[
    Key::new(
        "enabled",
        Kind::Choice(&["true", "false", "only_for_reauth"]),
        "May people log in with a password? `only_for_reauth`: no, but with it they confirm what they do, and change it. Registration asks for one in any case.",
    )
    .or("true"),
    Key::new(
        "localdb_enabled",
        Kind::Flag,
        "May people log in with a password that this server knows?",
    )
    .or("true"),
    Key::new(
        "pepper",
        Kind::Secret,
        "Mixed into every hash. Can never be changed without making all passwords useless.",
    ),
    Key::new(
        "policy",
        Kind::Section(POLICY),
        "What new passwords must look like.",
    ),
];

const POLICY: &[Key] = &[
    Key::new("enabled", Kind::Flag, "Apply the rules below.").or("false"),
    Key::new(
        "minimum_length",
        Kind::Integer(0, 512),
        "Characters at least.",
    ),
    Key::new("require_digit", Kind::Flag, "A digit."),
    Key::new(
        "require_symbol",
        Kind::Flag,
        "Something that is neither digit nor letter of a-z and A-Z.",
    ),
    Key::new("require_lowercase", Kind::Flag, "A lowercase letter."),
    Key::new("require_uppercase", Kind::Flag, "An uppercase letter."),
];

/// `password_config`.
#[derive(Clone, Debug)]
pub struct Passwords {
    /// Who may log in with a password, and what new ones must look like.
    pub policy: PasswordPolicy,
    /// `password_config.pepper`.
    pub pepper: Pepper,
}

impl Passwords {
    pub(super) fn read(root: &Section<'_>) -> Self {
        let section = root.section("password_config");
        let enabled = section.choice("enabled");
        let localdb_enabled = section.flag("localdb_enabled");
        let pepper = section
            .secret("pepper")
            .map(|pepper| pepper.expose().clone());
        Self {
            policy: PasswordPolicy {
                login_enabled: localdb_enabled && enabled.as_deref() == Some("true"),
                reauth_enabled: localdb_enabled && enabled.as_deref() != Some("false"),
                strength: read_strength(&section.section("policy")),
            },
            pepper: Pepper::new(pepper.unwrap_or_default()),
        }
    }
}

fn read_strength(policy: &Section<'_>) -> Option<StrengthRules> {
    let rules = StrengthRules {
        minimum_length: policy
            .integer_if_given::<u16>("minimum_length")
            .map(usize::from),
        require_digit: policy.flag_if_given("require_digit"),
        require_symbol: policy.flag_if_given("require_symbol"),
        require_lowercase: policy.flag_if_given("require_lowercase"),
        require_uppercase: policy.flag_if_given("require_uppercase"),
    };
    policy.flag("enabled").then_some(rules)
}
