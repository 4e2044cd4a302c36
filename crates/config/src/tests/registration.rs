use std::fmt::Write as _;
use std::time::Duration;

use registrar_domain::model::limit::Rate;
use registrar_domain::model::password::strength::StrengthRules;
use registrar_domain::model::pattern::Matching;
use serde_json::json;

use registrar_mail::options::Encryption;

use super::super::{Config, EmailValidation};
use super::{config, mails};

fn flows(config: &Config) -> String {
    let mut text = String::new();
    for flow in &config.policy.registration.flows {
        let stages: Vec<&str> = flow
            .stages()
            .iter()
            .map(|stage| stage.as_str().trim_start_matches("m.login."))
            .collect();
        let _ = write!(text, "[{}]", stages.join(" "));
    }
    text
}

#[test]
fn flows_follow_from_the_whole_configuration() {
    let email = "email: {notif_from: a@b.c}\n";
    let msisdn = "account_threepid_delegates: {msisdn: 'https://id.org/'}\n";
    let captcha =
        "enable_registration_captcha: true\nrecaptcha_public_key: a\nrecaptcha_private_key: b\n";
    let consent = "user_consent: {version: 1, template_dir: /, require_at_registration: true}\n";
    let rows = [
        (String::new(), "[dummy]"),
        (email.to_owned(), "[dummy][email.identity]"),
        (
            format!("{email}registrations_require_3pid: [email]"),
            "[email.identity]",
        ),
        (
            format!("{email}{msisdn}"),
            "[dummy][email.identity][msisdn][msisdn email.identity]",
        ),
        (
            format!("{email}{msisdn}disable_msisdn_registration: true"),
            "[dummy][email.identity]",
        ),
        (
            format!("{captcha}{consent}registration_requires_token: true"),
            "[registration_token recaptcha terms dummy]",
        ),
        (
            format!(
                "{email}registrations_require_3pid: [email]\n\
                 enable_registration_token_3pid_bypass: true"
            ),
            "[email.identity][registration_token]",
        ),
        (
            "account_threepid_delegates: {email: 'http://id.org'}\n\
             registrations_require_3pid: [email]"
                .to_owned(),
            "[email.identity]",
        ),
    ];
    for (yaml, expected) in rows {
        assert_eq!(flows(&config(&yaml)), expected, "{yaml}");
    }
}

#[test]
fn registration_opens_with_any_verification() {
    for yaml in [
        "enable_registration_without_verification: true",
        "registration_requires_token: true",
        "email: {notif_from: a@b.c}\nregistrations_require_3pid: [email]",
        "enable_registration_captcha: true\nrecaptcha_public_key: a\nrecaptcha_private_key: b",
    ] {
        assert!(
            config(&format!("enable_registration: true\n{yaml}"))
                .policy
                .registration
                .enabled,
            "{yaml}"
        );
    }
    assert!(!config("").policy.registration.enabled);
    assert!(
        !config("enable_registration: true\ndisable_registration: true")
            .policy
            .registration
            .enabled
    );
    let inverted = "disable_registration: 'no'\nregistration_requires_token: true";
    assert!(config(inverted).policy.registration.enabled);
}

#[test]
fn the_policy_has_the_defaults_of_synapse() {
    let policy = config("").policy;
    assert_eq!(
        policy.lifetimes.refreshable_access,
        Some(Duration::from_secs(300))
    );
    assert_eq!(policy.lifetimes.session, None);
    let rate = |per_second, burst_count| Rate {
        per_second,
        burst_count,
    };
    assert_eq!(policy.rates.registration, rate(0.17, 3.0));
    assert_eq!(policy.rates.login_address, rate(0.003, 5.0));
    assert_eq!(policy.rates.login_account, rate(0.003, 5.0));
    assert_eq!(policy.rates.login_failed_attempts, rate(0.17, 3.0));
    assert!(policy.password.login_enabled);
    assert_eq!(policy.password.strength, None);
    assert!(!policy.registration.guests_allowed);
    assert_eq!(policy.usage.disabled, None);
    assert_eq!(policy.ui_auth_session_timeout, Duration::ZERO);
}

#[test]
fn the_policy_says_what_the_file_says() {
    let policy = config(
        "allow_guest_access: true\ninhibit_user_in_use_error: true\n\
         allow_underscore_prefixed_localpart: true\n\
         server_notices: {system_mxid_localpart: notices}\n\
         hs_disabled: true\nhs_disabled_message: Gone\nadmin_contact: mailto:a@b.c\n\
         session_lifetime: 1d\nrefreshable_access_token_lifetime: null\n\
         nonrefreshable_access_token_lifetime: 2h\nrefresh_token_lifetime: 3h\n\
         ui_auth: {session_timeout: 15s}\n\
         rc_login: {address: {per_second: 1}, failed_attempts: {burst_count: 9}}",
    )
    .policy;
    let registration = policy.registration;
    assert!(registration.guests_allowed && registration.inhibit_user_in_use_error);
    assert!(registration.localparts.allow_underscore_prefix);
    assert_eq!(
        registration.server_notices_localpart.unwrap().as_str(),
        "notices"
    );
    let disabled = policy.usage.disabled.unwrap();
    assert_eq!(
        (disabled.message.as_str(), disabled.admin_contact.as_deref()),
        ("Gone", Some("mailto:a@b.c"))
    );
    let hours = |count: u64| Some(Duration::from_secs(count * 3600));
    assert_eq!(policy.lifetimes.session, hours(24));
    assert_eq!(policy.lifetimes.refreshable_access, None);
    assert_eq!(policy.lifetimes.nonrefreshable_access, hours(2));
    assert_eq!(policy.lifetimes.refresh, hours(3));
    assert_eq!(policy.ui_auth_session_timeout, Duration::from_secs(15));
    assert_eq!(
        policy.rates.login_address,
        Rate {
            per_second: 1.0,
            burst_count: 5.0
        }
    );
    assert_eq!(
        policy.rates.login_failed_attempts,
        Rate {
            per_second: 0.17,
            burst_count: 9.0
        }
    );
}

#[test]
fn password_options() {
    let strength = |yaml: &str| {
        config(&format!("password_config: {yaml}"))
            .policy
            .password
            .strength
    };
    assert_eq!(strength("{policy: {minimum_length: 12}}"), None);
    assert_eq!(
        strength(
            "{policy: {enabled: true, minimum_length: 12, require_digit: yes, require_symbol: no}}"
        ),
        Some(StrengthRules {
            minimum_length: Some(12),
            require_digit: Some(true),
            require_symbol: Some(false),
            ..StrengthRules::default()
        })
    );
    for (yaml, login, reauth) in [
        ("{}", true, true),
        ("{enabled: false}", false, false),
        ("{enabled: only_for_reauth}", false, true),
        ("{localdb_enabled: false}", false, false),
        (
            "{enabled: only_for_reauth, localdb_enabled: false}",
            false,
            false,
        ),
    ] {
        let policy = config(&format!("password_config: {yaml}")).policy.password;
        let switches = (policy.login_enabled, policy.reauth_enabled);
        assert_eq!(switches, (login, reauth), "{yaml}");
    }
}

#[test]
fn the_well_known_document_needs_an_explicit_url() {
    let well_known = |yaml: &str| config(yaml).http.options.well_known_client;
    let public_baseurl = |yaml: &str| config(yaml).policy.threepids.public_baseurl;
    assert_eq!(well_known(""), None);
    assert_eq!(public_baseurl(""), "https://example.org/");
    let explicit = "public_baseurl: http://m.example.org:8008\n";
    assert_eq!(
        well_known(&format!("{explicit}serve_client_wellknown: false")),
        None
    );
    let yaml = format!(
        "{explicit}default_identity_server: https://id.org\n\
         extra_well_known_client_content: {{org.example.x: {{a: [1, true, null]}}}}"
    );
    assert_eq!(public_baseurl(&yaml), "http://m.example.org:8008/");
    assert_eq!(
        well_known(&yaml).unwrap(),
        json!({
            "m.homeserver": { "base_url": "http://m.example.org:8008/" },
            "m.identity_server": { "base_url": "https://id.org" },
            "org.example.x": { "a": [1, true, null] },
        })
    );
}

#[test]
fn mail_options() {
    let email = |yaml: &str| config(&format!("email: {{notif_from: a@b.c, {yaml}}}"));
    let smtp = |yaml: &str| mails(&email(yaml)).smtp.clone();
    let plain = smtp("");
    assert_eq!(
        (plain.host.as_str(), plain.port, plain.encryption),
        ("localhost", 25, Encryption::IfOffered)
    );
    assert_eq!(
        email("").policy.threepids.validation_token_lifetime,
        Duration::from_secs(3600)
    );
    let forced = smtp("force_tls: true");
    assert_eq!(
        (forced.port, forced.encryption),
        (465, Encryption::Implicit)
    );
    assert_eq!(
        smtp("require_transport_security: true").encryption,
        Encryption::Required
    );
    assert_eq!(smtp("enable_tls: false").encryption, Encryption::Off);
    assert_eq!(smtp("smtp_host: mx").tls_name, None, "the host's");
    let named = smtp("smtp_host: mx, tlsname: other");
    assert_eq!(named.tls_name.as_deref(), Some("other"));

    assert!(matches!(config("email: {}").email, EmailValidation::Off));
    let named = config("email: {notif_from: '\"%(app)s\" <no-reply@example.org>', app_name: Chat}");
    let mails = mails(&named);
    assert_eq!(mails.notif_from, "\"%(app)s\" <no-reply@example.org>");
    assert_eq!(mails.app_name, "Chat");
}

#[test]
fn third_party_identifier_options() {
    let read = config(
        "account_threepid_delegates: {email: 'https://id.org/', msisdn: 'http://sms.org/base'}\n\
         allowed_local_3pids: [{medium: email, pattern: '^[^@]+@good\\.org$'}, \
         {medium: msisdn, pattern: '\\A44'}]\n\
         next_link_domain_whitelist: []",
    );
    let EmailValidation::Delegated(email) = &read.email else {
        panic!("{:?}", read.email)
    };
    assert_eq!(email.base_url, "https://id.org");
    assert_eq!(read.msisdn.unwrap().base_url, "http://sms.org/base");
    let threepids = read.policy.threepids;
    assert_eq!(
        threepids.allowed[0].pattern.matches("a@good.org"),
        Matching::Match
    );
    assert_eq!(
        threepids.allowed[0].pattern.matches("a@good.org.evil"),
        Matching::NoMatch
    );
    assert_eq!(
        threepids.allowed[1].pattern.matches("447700900000"),
        Matching::Match
    );
    assert_eq!(
        threepids.allowed[1].pattern.matches("1447700900000"),
        Matching::NoMatch
    );
    assert_eq!(threepids.next_link_hosts, Some(vec![]));
    assert_eq!(config("").policy.threepids.next_link_hosts, None);
}
