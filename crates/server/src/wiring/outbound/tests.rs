//! From an operator's words to adapters.

use registrar_config::load_text;

use super::*;

fn config(yaml: &str) -> Config {
    config_with(yaml, &[])
}

fn config_with(yaml: &str, environment: &[(&str, &str)]) -> Config {
    let environment = environment
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    load_text(
        &format!("server_name: example.org\n{yaml}"),
        "test",
        environment,
    )
    .into_config()
    .unwrap()
}

fn outbound(yaml: &str) -> Outbound {
    match Outbound::new(&config(yaml)) {
        Ok(outbound) => outbound,
        Err(mistakes) => panic!("{yaml}\n{mistakes:#?}"),
    }
}

#[test]
fn nobody_is_asked_unless_the_operator_wants_it() {
    let nobody = outbound("");
    assert!(matches!(nobody.email, EmailValidation::Off));
    assert!(nobody.msisdn.is_none() && nobody.captcha.is_none() && nobody.hooks.is_none());
}

#[test]
fn each_medium_has_its_own_identity_server() {
    let sms = outbound("account_threepid_delegates: {msisdn: 'https://sms.example.org/'}");
    assert!(matches!(sms.email, EmailValidation::Off));
    assert!(sms.msisdn.is_some());
    let mail = outbound("account_threepid_delegates: {email: 'https://mail.example.org/'}");
    assert!(matches!(mail.email, EmailValidation::Delegated(_)));
    assert!(mail.msisdn.is_none());
}

#[test]
fn mails_are_ours_unless_an_identity_server_sends_them() {
    let email = "email: {notif_from: '100% \"%(app)s\" <a@b.org>'}\n";
    let ours = outbound(email).email;
    assert!(matches!(ours, EmailValidation::Local(_)));
    let delegated = format!("{email}account_threepid_delegates: {{email: 'https://id.org'}}");
    let theirs = outbound(&delegated).email;
    assert!(matches!(theirs, EmailValidation::Delegated(_)));
}

#[test]
fn a_captcha_is_verified_as_soon_as_there_is_a_private_key() {
    assert!(outbound("recaptcha_private_key: k").captcha.is_some());
}

#[test]
fn a_webhook_is_a_hook() {
    let yaml = "registrar: {webhook: {url: 'http://127.0.0.1:9', secret: s}}";
    assert!(outbound(yaml).hooks.is_some());
}

#[test]
fn every_mistake_of_an_adapter_names_the_option() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("registration.txt"), "{{ link }").unwrap();
    std::fs::write(folder.path().join("password_reset.html"), "{% if %}").unwrap();
    let folder = folder.path().display();
    let yaml = format!(
        "email: {{notif_from: a@b.org, subjects: {{email_validation: 'at %(place)s'}}}}\n\
         templates: {{custom_template_directory: '{folder}'}}\n\
         account_threepid_delegates: {{msisdn: 'https://sms.example.org'}}\n\
         recaptcha_private_key: k\n\
         registrar: {{webhook: {{url: 'http://hooks.example.org', secret: \"a\\nb\"}}}}\n"
    );
    let config = config_with(&yaml, &[("https_proxy", "socks4://u:hunter2@p")]);
    let found = Outbound::new(&config).err().unwrap_or_default();
    let expected: [&[&str]; 4] = [
        &[
            "email: ",
            "registration.txt",
            "password_reset.html",
            "email_validation",
            "`place`",
        ],
        &["account_threepid_delegates.msisdn: ", "proxy"],
        &["recaptcha_siteverify_api: ", "proxy"],
        &["registrar.webhook: ", "token"],
    ];
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for (found, words) in found.iter().zip(expected) {
        for word in words {
            assert!(found.contains(word), "{word}: {found}");
        }
        assert!(!found.contains("hunter2"), "{found}");
    }
}
