use std::time::Duration;

use super::{
    AccountPolicy, PasswordPolicy, Policy, Rates, RegistrationPolicy, ThreepidPolicy,
    TokenLifetimes, UsagePolicy, ValidationPolicy,
};
use crate::model::appservice::AppServices;
use crate::model::id::{CreateRules, ServerName};
use crate::model::limit::Rate;
use crate::model::uia::Stage;
use crate::model::uia::flow::Flow;

impl Policy {
    /// A policy for tests: `example.org`, open to everybody including guests, every stage can be
    /// attempted, no limits, five-minute access tokens beside refresh tokens.
    pub fn permissive() -> Self {
        let unlimited = Rate {
            per_second: 1e9,
            burst_count: 1e9,
        };
        Self {
            server_name: ServerName::parse("example.org").expect("this is a server name"),
            registration: RegistrationPolicy {
                enabled: true,
                guests_allowed: true,
                flows: vec![Flow::new([Stage::Dummy])],
                stages: vec![
                    Stage::Dummy,
                    Stage::Email,
                    Stage::Msisdn,
                    Stage::Recaptcha,
                    Stage::Terms,
                    Stage::RegistrationToken,
                ],
                captcha_public_key: None,
                consent: None,
                appservices: AppServices::default(),
                shared_secret: None,
                inhibit_user_in_use_error: false,
                localparts: CreateRules::default(),
                server_notices_localpart: None,
            },
            password: PasswordPolicy {
                login_enabled: true,
                reauth_enabled: true,
                strength: None,
            },
            usage: UsagePolicy::default(),
            accounts: AccountPolicy::default(),
            threepids: ThreepidPolicy {
                public_baseurl: "https://matrix.example.org/".to_owned(),
                validation_token_lifetime: Duration::from_hours(1),
                allowed: Vec::new(),
                inhibit_errors: false,
                next_link_hosts: None,
                changes_allowed: true,
                validation: ValidationPolicy::default(),
            },
            lifetimes: TokenLifetimes {
                refreshable_access: Some(Duration::from_secs(300)),
                ..TokenLifetimes::default()
            },
            rates: Rates {
                registration: unlimited,
                registration_token_validity: unlimited,
                failed_registration_tokens: unlimited,
                threepid_validation: unlimited,
                login_address: unlimited,
                login_account: unlimited,
                login_failed_attempts: unlimited,
            },
            ui_auth_session_timeout: Duration::ZERO,
        }
    }
}
