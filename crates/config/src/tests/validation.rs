//! `registrar.validation`.

use registrar_domain::model::policy::ConfirmLinks;
use registrar_domain::model::uia::Stage;

use super::{config, expect_mistake, read};

const TOKEN: &str = "registration_requires_token: true\n";
const CAPTCHA: &str =
    "enable_registration_captcha: true\nrecaptcha_public_key: a\nrecaptcha_private_key: b\n";

#[test]
fn nothing_is_required_by_default() {
    let validation = config("").policy.threepids.validation;
    assert_eq!(validation.confirm_links, ConfirmLinks::Open);
    assert!(!validation.login_required && validation.required_stages.is_empty());
    assert_eq!(validation.max_mails_per_hour, None);
    assert_eq!(validation.max_texts_per_hour, None);
}

#[test]
fn stages_before_messages() {
    let both = format!("{TOKEN}{CAPTCHA}");
    let rows: [(&str, &str, &[Stage]); 6] = [
        (&both, "true", &[Stage::RegistrationToken, Stage::Recaptcha]),
        (TOKEN, "true", &[Stage::RegistrationToken]),
        (&both, "false", &[]),
        (&both, "[]", &[]),
        (&both, "[captcha, captcha]", &[Stage::Recaptcha]),
        (TOKEN, "[invitation]", &[Stage::RegistrationToken]),
    ];
    for (settings, value, expected) in rows {
        let yaml = format!("{settings}registrar: {{validation: {{require_stages: {value}}}}}");
        let validation = config(&yaml).policy.threepids.validation;
        assert_eq!(validation.required_stages, expected, "{value}");
    }
    let key = "registrar.validation.require_stages";
    let with = |value: &str| format!("registrar: {{validation: {{require_stages: {value}}}}}");
    expect_mistake(&with("[captcha]"), key, "enable_registration_captcha");
    expect_mistake(&with("[invitation]"), key, "registration_requires_token");
    expect_mistake(&with("[fax]"), &format!("{key}[0]"), "expected one of");
    expect_mistake(&with("captcha"), key, "");
    let warnings = read(&with("true")).findings.warnings;
    assert!(warnings.iter().any(|it| it.key == key), "{warnings:?}");
}

#[test]
fn the_other_options() {
    let validation = config(
        "registrar: {validation: {confirm_links: button, require_login: true, \
         max_mails_per_hour: 100, max_texts_per_hour: 0}}",
    );
    let validation = validation.policy.threepids.validation;
    assert_eq!(validation.confirm_links, ConfirmLinks::Button);
    assert!(validation.login_required);
    assert_eq!(validation.max_mails_per_hour, Some(100));
    assert_eq!(validation.max_texts_per_hour, Some(0));
}
