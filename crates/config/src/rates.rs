//! `rc_*`: how fast clients may act.

use registrar_domain::model::limit::Rate;

use super::key::{Key, Kind};
use super::section::Section;

macro_rules! rate_keys {
    ($per_second:literal, $burst_count:literal) => {
        &[
            Key::new("per_second", Kind::Number, "How often on average.").or($per_second),
            Key::new(
                "burst_count",
                Kind::Number,
                "How often at once, after a rest.",
            )
            .or($burst_count),
        ]
    };
}

pub(super) const KEYS: &[Key] = &[
    Key::new(
        "rc_registration",
        Kind::Section(rate_keys!("0.17", "3")),
        "Registrations per client address.",
    ),
    Key::new(
        "rc_registration_token_validity",
        Kind::Section(rate_keys!("0.1", "5")),
        "Questions whether a registration token is valid, and wrong ones at registration, per client \
         address.",
    ),
    Key::new(
        "rc_3pid_validation",
        Kind::Section(rate_keys!("0.003", "5")),
        "Mails and text messages, per client address and per receiver.",
    ),
    Key::new("rc_login", Kind::Section(LOGIN), "Logins."),
];

/// `registrar.rates`.
pub(super) const OWN_KEYS: &[Key] = &[Key::new(
    "failed_registration_tokens",
    Kind::Section(FAILED_TOKENS),
    "Wrong registration tokens, all clients together. Beyond that, clients get 429, except for one \
     attempt an hour from each network (an IPv4 /24, an IPv6 /48).",
)];

const FAILED_TOKENS: &[Key] = &[
    Key::new(
        "per_second",
        Kind::Number,
        "How often on average. Default: 100 times that of `rc_registration_token_validity`.",
    ),
    Key::new(
        "burst_count",
        Kind::Number,
        "How often at once, after a rest. Default: 40 times that of `rc_registration_token_validity`.",
    ),
];

const LOGIN: &[Key] = &[
    Key::new(
        "address",
        Kind::Section(rate_keys!("0.003", "5")),
        "Attempts per client address.",
    ),
    Key::new(
        "account",
        Kind::Section(rate_keys!("0.003", "5")),
        "Successful logins per account.",
    ),
    Key::new(
        "failed_attempts",
        Kind::Section(rate_keys!("0.17", "3")),
        "Failed attempts per account.",
    ),
];

/// All rates.
#[derive(Clone, Copy, Debug)]
pub struct Rates {
    /// `rc_registration`.
    pub registration: Rate,
    /// `rc_registration_token_validity`.
    pub registration_token_validity: Rate,
    /// `registrar.rates.failed_registration_tokens`.
    pub failed_registration_tokens: Rate,
    /// `rc_3pid_validation`.
    pub threepid_validation: Rate,
    /// `rc_login.address`.
    pub login_address: Rate,
    /// `rc_login.account`.
    pub login_account: Rate,
    /// `rc_login.failed_attempts`.
    pub login_failed_attempts: Rate,
}

impl Rates {
    pub(super) fn read(root: &Section<'_>, own: &Section<'_>) -> Self {
        let login = root.section("rc_login");
        let token_validity = read_rate(&root.section("rc_registration_token_validity"));
        let failed_tokens = own.section("failed_registration_tokens");
        Self {
            registration: read_rate(&root.section("rc_registration")),
            registration_token_validity: token_validity,
            failed_registration_tokens: Rate {
                per_second: failed_tokens
                    .number("per_second")
                    .unwrap_or(100.0 * token_validity.per_second),
                burst_count: failed_tokens
                    .number("burst_count")
                    .unwrap_or(40.0 * token_validity.burst_count),
            },
            threepid_validation: read_rate(&root.section("rc_3pid_validation")),
            login_address: read_rate(&login.section("address")),
            login_account: read_rate(&login.section("account")),
            login_failed_attempts: read_rate(&login.section("failed_attempts")),
        }
    }
}

fn read_rate(section: &Section<'_>) -> Rate {
    Rate {
        per_second: section.number("per_second").unwrap_or_default(),
        burst_count: section.number("burst_count").unwrap_or_default(),
    }
}
