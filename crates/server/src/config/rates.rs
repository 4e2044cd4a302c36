//! `rc_*`: how fast clients may act.

use registrar_domain::limit::Rate;

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
        "Questions whether a registration token is valid, per client address.",
    ),
    Key::new(
        "rc_3pid_validation",
        Kind::Section(rate_keys!("0.003", "5")),
        "Mails and text messages, per client address and per receiver.",
    ),
    Key::new("rc_login", Kind::Section(LOGIN), "Logins."),
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
pub(crate) struct Rates {
    /// `rc_registration`.
    pub(crate) registration: Rate,
    /// `rc_registration_token_validity`.
    pub(crate) registration_token_validity: Rate,
    /// `rc_3pid_validation`.
    pub(crate) threepid_validation: Rate,
    /// `rc_login.address`.
    pub(crate) login_address: Rate,
    /// `rc_login.account`.
    pub(crate) login_account: Rate,
    /// `rc_login.failed_attempts`.
    pub(crate) login_failed_attempts: Rate,
}

impl Rates {
    pub(super) fn read(root: &Section<'_>) -> Self {
        let login = root.section("rc_login");
        Self {
            registration: read_rate(&root.section("rc_registration")),
            registration_token_validity: read_rate(&root.section("rc_registration_token_validity")),
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
