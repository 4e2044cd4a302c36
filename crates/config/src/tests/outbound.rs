//! Which other servers are asked, and how they are reached.

use std::time::Duration;

use registrar_captcha::Provider;
use registrar_http_hyper::pages::CaptchaProvider;
use registrar_identity_client::Api;
use registrar_mail::options::CleartextLogin;
use registrar_webhook::{OnFailure, Question};

use super::super::{EmailValidation, load_text};
use super::{MINIMAL, config, expect_mistake, mails, mistakes, read, squeezed};

#[test]
fn the_provider_decides_where_captchas_are_verified() {
    let rows = [
        (
            "",
            CaptchaProvider::Recaptcha,
            Provider::Recaptcha.verify_url(),
        ),
        (
            "registrar: {captcha: {provider: hcaptcha}}",
            CaptchaProvider::Hcaptcha,
            "https://api.hcaptcha.com/siteverify",
        ),
        (
            "registrar: {captcha: {provider: turnstile}}",
            CaptchaProvider::Turnstile,
            "https://challenges.cloudflare.com/turnstile/v0/siteverify",
        ),
        (
            "registrar: {captcha: {provider: hcaptcha}}\n\
             recaptcha_siteverify_api: 'http://127.0.0.1:9/verify'",
            CaptchaProvider::Hcaptcha,
            "http://127.0.0.1:9/verify",
        ),
    ];
    for (yaml, provider, url) in rows {
        let config = config(&format!("recaptcha_private_key: k\n{yaml}"));
        assert_eq!(config.pages.captcha_provider, provider, "{yaml}");
        assert_eq!(config.captcha.unwrap().verify_url, url, "{yaml}");
    }
    let unknown = "registrar: {captcha: {provider: friendly}}";
    expect_mistake(unknown, "registrar.captcha.provider", "`turnstile`");
}

#[test]
fn a_webhook_needs_a_url_and_a_secret_and_the_rest_has_defaults() {
    assert!(config("").webhook.is_none());
    assert!(config("registrar: {webhook: {}}").webhook.is_none());
    let least = "registrar: {webhook: {url: 'https://hooks.example.org/r', secret: s}}";
    let webhook = config(least).webhook.unwrap();
    assert_eq!(webhook.url, "https://hooks.example.org/r");
    assert_eq!(webhook.http.total_timeout, Duration::from_secs(5));
    assert_eq!(webhook.on_failure, OnFailure::Deny);
    assert_eq!(webhook.questions, Question::ALL);

    let all = "registrar: {webhook: {url: 'http://[::1]:9', secret: s, timeout: 2s, \
               on_failure: allow, questions: [is_threepid_allowed, check_registration]}}";
    let webhook = config(all).webhook.unwrap();
    assert_eq!(webhook.http.total_timeout, Duration::from_secs(2));
    assert_eq!(webhook.on_failure, OnFailure::Allow);
    let questions = [Question::CheckRegistration, Question::IsThreepidAllowed];
    assert_eq!(webhook.questions, questions);
}

#[test]
fn mistakes_in_a_webhook_name_their_key() {
    let rows = [
        ("secret: s", "url", "required"),
        ("url: 'https://h.org'", "secret", "required"),
        ("url: h.org, secret: s", "url", "URL"),
        ("url: 'https://h.org/?a', secret: s", "url", "query"),
        (
            "url: 'https://h.org', secret_path: /nonexistent",
            "secret_path",
            "/nonexistent",
        ),
        (
            "url: 'https://h.org', secret: s, timeout: 0",
            "timeout",
            "longer than 0",
        ),
        (
            "url: 'https://h.org', secret: s, on_failure: maybe",
            "on_failure",
            "`deny`",
        ),
        (
            "url: 'https://h.org', secret: s, questions: []",
            "questions",
            "empty",
        ),
        (
            "url: 'https://h.org', secret: s, questions: [check_registration, check_login]",
            "questions[1]",
            "`choose_username`",
        ),
        (
            "url: 'https://h.org', secret: s, retries: 3",
            "retries",
            "unknown option",
        ),
    ];
    for (yaml, key, words) in rows {
        let key = format!("registrar.webhook.{key}");
        expect_mistake(&format!("registrar: {{webhook: {{{yaml}}}}}"), &key, words);
    }
    assert_eq!(mistakes("registrar: {webhook: {timeout: 1s}}").len(), 2);
}

#[test]
fn a_delegate_may_have_an_access_token() {
    let yaml = "account_threepid_delegates: {email: 'https://a.org', msisdn: 'https://b.org'}\n\
                registrar: {identity_servers: {msisdn_access_token: t}}";
    let config = config(yaml);
    let EmailValidation::Delegated(email) = config.email else {
        panic!("{:?}", config.email)
    };
    assert!(matches!(email.api, Api::V1));
    let Api::V2 { access_token } = config.msisdn.unwrap().api else {
        panic!("version 1")
    };
    assert_eq!(access_token.expose(), "t");

    let lonely = read("registrar: {identity_servers: {email_access_token: t}}");
    let [warning] = lonely.findings.warnings.as_slice() else {
        panic!("{:?}", lonely.findings.warnings)
    };
    assert_eq!(warning.key, "registrar.identity_servers.email_access_token");
}

#[test]
fn proxies_are_those_of_the_machine() {
    let proxies = |variables: &[(&str, &str)]| {
        let environment = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let config = load_text(MINIMAL, "test.yaml", environment).into_config();
        let proxies = config.unwrap().proxies;
        let find = |url| proxies.find(url).map(|proxy| proxy.expose().clone());
        [
            find("http://a.org"),
            find("https://a.org"),
            find("https://b.org"),
        ]
    };
    let none = [None, None, None];
    assert_eq!(proxies(&[]), none);
    assert_eq!(
        proxies(&[("http_proxy", ""), ("HTTP_PROXY", "http://p")]),
        none
    );
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(
        proxies(&[("HTTP_PROXY", "http://p"), ("HTTPS_PROXY", "http://q")]),
        [some("http://p"), some("http://q"), some("http://q")]
    );
    assert_eq!(
        proxies(&[
            ("https_proxy", "http://q"),
            ("HTTPS_PROXY", "x"),
            ("NO_PROXY", "b.org")
        ]),
        [None, some("http://q"), None]
    );
}

#[test]
fn the_report_shows_whom_is_asked_and_no_secret() {
    let yaml = "registrar: {webhook: {url: 'https://hooks.example.org', secret: hunter2}, \
                captcha: {provider: turnstile}, identity_servers: {email_access_token: hunter2}}\n\
                account_threepid_delegates: {email: 'https://id.example.org'}\n";
    let environment = [("https_proxy".to_owned(), "http://u:hunter2@p".to_owned())];
    let reading = load_text(&format!("{MINIMAL}{yaml}"), "test.yaml", environment);
    let report = squeezed(&reading.report());
    for words in [
        "https://hooks.example.org",
        "check_registration, choose_username",
        "\nregistrar.webhook.timeout 5s (default)\n",
        "\nregistrar.webhook.on_failure deny (default)\n",
        "turnstile",
        "validated by https://id.example.org, with an access token",
    ] {
        assert!(report.contains(words), "{words}\n{report}");
    }
    assert!(!report.contains("hunter2"), "{report}");
}

#[test]
fn a_proxy_and_the_time_for_a_request_reach_every_adapter() {
    let asked = "recaptcha_private_key: k\nemail: {notif_from: a@b.org}\n\
                 account_threepid_delegates: {msisdn: 'http://sms.example.org'}\n";
    let read = |request_timeout: &str| {
        let yaml = format!(
            "{MINIMAL}{asked}registrar: {{http: {{request_timeout: {request_timeout}}}, \
             webhook: {{url: 'https://h.org', secret: s, timeout: 5h}}}}"
        );
        let environment = [("https_proxy".to_owned(), "http://p:3128".to_owned())];
        load_text(&yaml, "test.yaml", environment)
            .into_config()
            .unwrap()
    };
    let config = read("9s");
    let (seconds, smtp) = (Duration::from_secs, &mails(&config).smtp);
    assert_eq!(
        (smtp.connect_timeout, smtp.send_timeout),
        (seconds(6), seconds(6))
    );
    for http in [config.captcha.unwrap().http, config.webhook.unwrap().http] {
        assert_eq!(http.proxy.unwrap().expose(), "http://p:3128");
        assert_eq!(http.total_timeout, seconds(6));
        assert_eq!(http.headers_timeout, seconds(6));
    }
    let sms = config.msisdn.unwrap().http;
    assert!(sms.proxy.is_none());
    assert_eq!(sms.total_timeout, seconds(6));
    let patient = read("1h").captcha.unwrap().http;
    assert_eq!(patient.connect_timeout, seconds(15));
    assert_eq!(patient.headers_timeout, seconds(60));
}

/// The warnings about the mail server, each with its key, for these keys of `email`.
fn mail_warnings(email: &str, own: &str) -> Vec<String> {
    let yaml =
        format!("email: {{notif_from: a@b.org, {email}}}\nregistrar: {{email: {{{own}}}}}\n");
    let reading = read(&yaml);
    assert!(reading.config().is_some(), "{yaml} {:?}", mistakes(&yaml));
    reading.warnings().map(ToString::to_string).collect()
}

#[test]
fn port_465_without_tls_from_the_first_byte_is_a_warning() {
    let rows = [
        ("smtp_port: 465", 1),
        ("smtp_port: 465, enable_tls: false", 1),
        ("smtp_port: 465, require_transport_security: true", 1),
        ("smtp_port: 465, force_tls: true", 0),
        ("force_tls: true", 0),
        ("smtp_port: 587", 0),
        ("", 0),
    ];
    for (email, expected) in rows {
        let found = mail_warnings(&format!("smtp_host: m.example.org, {email}"), "");
        assert_eq!(found.len(), expected, "{email}: {found:?}");
        for warning in found {
            assert!(warning.contains("email.smtp_port"), "{warning}");
            assert!(warning.contains("`force_tls: true`"), "{warning}");
        }
    }
}

#[test]
fn a_password_without_encryption_is_a_warning() {
    let rows = [
        // In private networks it is sent.
        ("localhost", "", "", Some("smtp_pass")),
        ("127.0.0.1", "", "", Some("smtp_pass")),
        ("10.1.2.3", "", "", Some("smtp_pass")),
        ("100.64.0.9", ", enable_tls: false", "", Some("smtp_pass")),
        ("'[fd00::25]'", "", "", Some("smtp_pass")),
        ("mailserver", "", "", Some("smtp_pass")),
        ("relay.lan", ", enable_tls: false", "", Some("smtp_pass")),
        // To public addresses it is not.
        ("203.0.113.7", "", "", None),
        ("203.0.113.7", ", enable_tls: false", "", Some("enable_tls")),
        ("mail.example.org", "", "", None),
        (
            "mail.example.org",
            ", enable_tls: false",
            "",
            Some("smtp_pass"),
        ),
        // The operator's choice.
        ("mail.example.org", "", "everywhere", Some("smtp_pass")),
        ("localhost", "", "nowhere", None),
        (
            "localhost",
            ", enable_tls: false",
            "nowhere",
            Some("enable_tls"),
        ),
        // With encryption, or without a password, there is nothing to say.
        ("localhost", ", force_tls: true", "", None),
        (
            "localhost",
            ", require_transport_security: true",
            "everywhere",
            None,
        ),
    ];
    for (host, email, allowed, key) in rows {
        let own = if allowed.is_empty() {
            String::new()
        } else {
            format!("cleartext_login: {allowed}")
        };
        let email = format!("smtp_host: {host}, app_name: A{email}");
        let found = mail_warnings(&format!("{email}, smtp_user: u, smtp_pass: hunter2"), &own);
        assert_eq!(
            found.len(),
            usize::from(key.is_some()),
            "{email} {own}: {found:?}"
        );
        for (warning, key) in found.iter().zip(key) {
            assert!(
                warning.contains(&format!("email.{key}")),
                "{email}: {warning}"
            );
            assert!(warning.contains("force_tls"), "{warning}");
            assert!(!warning.contains("hunter2"), "{warning}");
        }
        assert!(mail_warnings(&email, &own).is_empty(), "{email} {own}");
    }
}

#[test]
fn how_the_mail_server_is_spoken_to_is_the_operator_s_choice() {
    let yaml = "email: {notif_from: a@b.org}\n\
                registrar: {email: {ehlo_name: mx.example.org, cleartext_login: nowhere}}";
    let report = read(yaml).report();
    assert!(
        report.contains("EHLO name mx.example.org")
            && squeezed(&report).contains("\nregistrar.email.cleartext_login nowhere\n"),
        "{report}"
    );
    let smtp = |yaml: &str| mails(&config(yaml)).smtp.clone();
    assert_eq!(smtp(yaml).ehlo_name.as_deref(), Some("mx.example.org"));
    assert_eq!(smtp(yaml).cleartext_login, CleartextLogin::Nowhere);
    let by_default = smtp("email: {notif_from: a@b.org}").ehlo_name.unwrap();
    assert!(by_default.contains('.'), "{by_default}");
    for name in ["'two words'", "192.0.2.1", "\"a\\r\\nMAIL\""] {
        let yaml =
            format!("email: {{notif_from: a@b.org}}\nregistrar: {{email: {{ehlo_name: {name}}}}}");
        expect_mistake(&yaml, "registrar.email.ehlo_name", "host name");
    }
    let yaml = "registrar: {email: {cleartext_login: yes}}";
    expect_mistake(
        &format!("email: {{notif_from: a@b.org}}\n{yaml}"),
        "registrar.email.cleartext_login",
        "`nowhere`",
    );
}

#[test]
fn proxies_of_the_file_win_over_those_of_the_machine() {
    let machine = [
        ("http_proxy", "http://machine"),
        ("https_proxy", "http://machine"),
        ("no_proxy", "b.org"),
    ];
    let find = |yaml: &str| {
        let environment = machine.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let text = format!("{MINIMAL}{yaml}");
        let config = load_text(&text, "test.yaml", environment).into_config();
        let proxies = config.unwrap().proxies;
        [
            "http://a.org",
            "https://a.org",
            "https://b.org",
            "https://c.b.org",
            "http://10.1.2.3",
        ]
        .map(|url| proxies.find(url).map(|proxy| proxy.expose().clone()))
    };
    let expect = |yaml: &str, expected: [Option<&str>; 5]| {
        assert_eq!(
            find(yaml),
            expected.map(|url| url.map(str::to_owned)),
            "{yaml}"
        );
    };
    let (m, f) = (Some("http://machine"), Some("socks5h://u:p@file:1"));
    expect("", [m, m, None, None, m]);
    expect("http_proxy: 'socks5h://u:p@file:1'", [f, m, None, None, f]);
    expect("https_proxy: 'socks5h://u:p@file:1'", [m, f, None, None, m]);
    expect("https_proxy: null", [m, None, None, None, m]);
    expect("http_proxy: ''", [None, m, None, None, None]);
    expect(
        "no_proxy_hosts: [10.0.0.0/8, a.org]",
        [None, None, m, m, None],
    );
    expect("no_proxy_hosts: 'c.b.org, 10.1.2.3'", [m, m, m, None, None]);
    expect("no_proxy_hosts: ['*.b.org']", [m, m, None, None, m]);
    expect("no_proxy_hosts: []", [m, m, m, m, m]);
}

#[test]
fn a_proxy_that_cannot_be_used_is_a_mistake_and_a_password_is_never_shown() {
    for key in ["http_proxy", "https_proxy"] {
        for bad in ["socks4://u:hunter2@p", "http://u:hunter2@", "u:hunter2@p/x"] {
            let yaml = format!("{key}: '{bad}'");
            expect_mistake(&yaml, key, "socks5h");
            assert!(!read(&yaml).report().contains("hunter2"), "{yaml}");
        }
    }
    for bad in ["'http://a.org'", "[a.org/x]", "['two words']"] {
        expect_mistake(
            &format!("no_proxy_hosts: {bad}"),
            "no_proxy_hosts",
            "network",
        );
    }
    let yaml = "http_proxy: 'socks5://u:hunter2@p'\nhttps_proxy: 'https://u:hunter2@q:3128'\n\
                no_proxy_hosts: [intern.example.org, 10.0.0.0/8]";
    let report = read(yaml).report();
    for words in [
        "socks5://p:1080, logging in as u",
        "https://q:3128, logging in as u",
        "intern.example.org,10.0.0.0/8",
    ] {
        assert!(report.contains(words), "{words}\n{report}");
    }
    assert!(!report.contains("hunter2"), "{report}");
}
