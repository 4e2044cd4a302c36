//! The choices as the use-cases want them.

use std::time::Duration;

use registrar_domain::model::appservice::AppServices;
use registrar_domain::model::policy::{
    ConsentPolicy, Policy, Rates, RegistrationPolicy, ThreepidPolicy,
};
use registrar_domain::model::uia::Stage;

use super::Config;

impl Config {
    /// The stages that may be attempted, whether a flow lists them or not.
    fn stages(&self) -> Vec<Stage> {
        let mut stages = vec![Stage::Dummy];
        if self.validates_email() {
            stages.push(Stage::Email);
        }
        if self.threepids.msisdn_delegate.is_some() {
            stages.push(Stage::Msisdn);
        }
        if self.captcha.private_key.is_some() {
            stages.push(Stage::Recaptcha);
        }
        if self.consent.is_some() {
            stages.push(Stage::Terms);
        }
        if self.registration.tokens_enabled {
            stages.push(Stage::RegistrationToken);
        }
        stages
    }

    /// The choices as the use-cases want them.
    pub fn policy(&self) -> Policy {
        Policy {
            server_name: self.server.name.clone(),
            registration: RegistrationPolicy {
                enabled: self.registration.enabled,
                guests_allowed: self.registration.guests_allowed,
                flows: self.registration.flows.clone(),
                stages: self.stages(),
                captcha_public_key: self.captcha.public_key.clone(),
                consent: self.consent.as_ref().map(|consent| ConsentPolicy {
                    version: consent.version.clone(),
                    name: consent.policy_name.clone(),
                    url: self.terms_url(),
                    form_secret: self.secrets.form.clone(),
                }),
                appservices: AppServices::new(self.app_services.services.clone()),
                shared_secret: self.secrets.registration_shared.clone(),
                inhibit_user_in_use_error: self.registration.inhibit_user_in_use_error,
                localparts: self.registration.localparts,
                server_notices_localpart: self.registration.server_notices_localpart.clone(),
            },
            password: self.passwords.policy.clone(),
            usage: self.usage.policy.clone(),
            accounts: self.accounts.clone(),
            threepids: self.threepid_policy(),
            lifetimes: self.lifetimes,
            rates: Rates {
                registration: self.rates.registration,
                registration_token_validity: self.rates.registration_token_validity,
                failed_registration_tokens: self.rates.failed_registration_tokens,
                threepid_validation: self.rates.threepid_validation,
                login_address: self.rates.login_address,
                login_account: self.rates.login_account,
                login_failed_attempts: self.rates.login_failed_attempts,
            },
            ui_auth_session_timeout: self.ui_auth_session_timeout,
        }
    }
    /// Can email addresses be validated, by this server or for it?
    fn validates_email(&self) -> bool {
        self.email.is_some() || self.threepids.email_delegate.is_some()
    }

    fn threepid_policy(&self) -> ThreepidPolicy {
        let email = self.email.as_ref();
        ThreepidPolicy {
            public_baseurl: self.server.public_baseurl.to_string(),
            // Without the section no mail is sent whose link could expire.
            validation_token_lifetime: email
                .map_or(Duration::ZERO, |email| email.validation_token_lifetime),
            allowed: self.threepids.allowed.clone(),
            inhibit_errors: self.threepids.inhibit_errors,
            next_link_hosts: self.threepids.next_link_hosts.clone(),
            changes_allowed: self.threepids.changes_allowed,
            validation: self.validation.clone(),
        }
    }
}
