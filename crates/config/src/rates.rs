//! `rc_*`: how fast clients may act.

use registrar_domain::model::limit::Rate;
use registrar_domain::model::policy::Rates;

use super::keys::{Keys as _, keys};
use super::section::Section;

/// Declares the keys of a rate with its defaults.
macro_rules! rate {
    ($name:ident, $per_second:literal, $burst_count:literal) => {
        keys! {
            pub(crate) struct $name {
                /// How often on average.
                per_second: f64 = $per_second,
                /// How often at once, after a rest.
                burst_count: f64 = $burst_count,
            }
        }

        impl From<&$name> for Rate {
            fn from(keys: &$name) -> Self {
                Self {
                    per_second: *keys.per_second,
                    burst_count: *keys.burst_count,
                }
            }
        }
    };
}

rate!(Guessing, "0.17", "3");
rate!(TokenChecks, "0.1", "5");
rate!(Slow, "0.003", "5");

keys! {
    pub(crate) struct RateKeys {
        /// Registrations per client address.
        rc_registration: Guessing,
        /// Questions whether a registration token is valid, and wrong ones at registration, per client
        /// address.
        rc_registration_token_validity: TokenChecks,
        /// Mails and text messages, per client address and per receiver.
        rc_3pid_validation: Slow,
        /// Logins.
        rc_login: LoginKeys,
    }
}

keys! {
    pub(crate) struct LoginKeys {
        /// Attempts per client address.
        address: Slow,
        /// Successful logins per account.
        account: Slow,
        /// Failed attempts per account.
        failed_attempts: Guessing,
    }
}

keys! {
    /// `registrar.rates`.
    pub(crate) struct OwnRateKeys {
        /// Wrong registration tokens, all clients together. Beyond that, clients get 429, except for one
        /// attempt an hour from each network (an IPv4 /24, an IPv6 /48).
        failed_registration_tokens: FailedTokenKeys,
    }
}

keys! {
    pub(crate) struct FailedTokenKeys {
        /// How often on average. Default: 100 times that of `rc_registration_token_validity`.
        per_second: Option<f64>,
        /// How often at once, after a rest. Default: 40 times that of `rc_registration_token_validity`.
        burst_count: Option<f64>,
    }
}

pub(crate) fn read(root: &Section<'_>, own: &OwnRateKeys) -> Rates {
    let keys = RateKeys::read(root);
    let token_validity = Rate::from(&*keys.rc_registration_token_validity);
    let failed = &own.failed_registration_tokens;
    Rates {
        registration: Rate::from(&*keys.rc_registration),
        registration_token_validity: token_validity,
        failed_registration_tokens: Rate {
            per_second: failed
                .per_second
                .unwrap_or(100.0 * token_validity.per_second),
            burst_count: failed
                .burst_count
                .unwrap_or(40.0 * token_validity.burst_count),
        },
        threepid_validation: Rate::from(&*keys.rc_3pid_validation),
        login_address: Rate::from(&*keys.rc_login.address),
        login_account: Rate::from(&*keys.rc_login.account),
        login_failed_attempts: Rate::from(&*keys.rc_login.failed_attempts),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Programs that embed the domain start from these.
    #[test]
    fn the_defaults_are_those_of_the_domain() {
        let yaml = "server_name: example.org";
        let config = crate::load_text(yaml, "hs.yaml", []).into_config().unwrap();
        assert_eq!(config.policy.rates, Rates::default());
        assert_eq!(
            config.policy.lifetimes.refreshable_access,
            Some(std::time::Duration::from_mins(5))
        );
    }
}
