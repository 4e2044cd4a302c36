use std::fs;
use std::path::PathBuf;

use super::super::findings::Ignored;
use super::super::{Reading, load, load_text};
use super::{MINIMAL, config, mails, mistakes, read};

fn with_environment(yaml: &str, variables: &[(&str, &str)]) -> Reading {
    let environment = variables
        .iter()
        .map(|(name, value)| ((*name).into(), (*value).into()));
    load_text(&format!("{MINIMAL}{yaml}"), "test.yaml", environment)
}

#[test]
fn later_files_replace_whole_top_level_keys() {
    let folder = tempfile::tempdir().unwrap();
    let parts = folder.path().join("conf.d");
    fs::create_dir(&parts).unwrap();
    fs::write(
        folder.path().join("base.yaml"),
        "server_name: a.org\nrc_login: {address: {per_second: 7}}\n",
    )
    .unwrap();
    fs::write(parts.join("20.yaml"), "server_name: c.org\n").unwrap();
    fs::write(
        parts.join("10.yaml"),
        "server_name: b.org\nrc_login: {account: {per_second: 8}}\n",
    )
    .unwrap();
    fs::write(parts.join("30.yaml.bak"), "server_name: d.org\n").unwrap();
    fs::write(parts.join("40.yaml"), "# nothing yet\n").unwrap();

    let config = load(&[folder.path().join("base.yaml"), parts], [])
        .into_config()
        .unwrap();
    assert_eq!(config.policy.server_name.as_str(), "c.org");
    assert_eq!(config.policy.rates.login_account.per_second, 8.0);
    assert_eq!(
        config.policy.rates.login_address.per_second, 0.003,
        "replaced as a whole"
    );
}

#[test]
fn unusable_files_are_named_all_of_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("syntax.yaml"), "server_name: a.org\nlisteners: [\n").unwrap();
    fs::write(path("list.yaml"), "- a\n").unwrap();
    fs::write(path("latin1.yaml"), b"admin_contact: \xe9\n").unwrap();
    let files: Vec<PathBuf> = ["missing.yaml", "syntax.yaml", "list.yaml", "latin1.yaml"]
        .map(path)
        .to_vec();

    let error = load(&files, []).into_config().unwrap_err().to_string();
    assert!(
        error.starts_with("the configuration has 4 mistakes:"),
        "{error}"
    );
    // In the order of their names.
    for (line, name) in error
        .lines()
        .skip(1)
        .zip(["latin1", "list", "missing", "syntax"])
    {
        assert!(line.contains(&format!("{name}.yaml")), "{error}");
    }
}

#[test]
fn mistakes_tell_file_line_and_path() {
    let all = mistakes(
        "email:\n  notif_from: a@b.c\n  smtp_port: none\nlisteners:\n- port: 1\n  tls: yes\n",
    );
    assert_eq!(all.len(), 2, "{all:#?}");
    assert!(
        all[0].starts_with("test.yaml:7: listeners[0].tls: "),
        "{all:#?}"
    );
    assert!(
        all[1].starts_with("test.yaml:4: email.smtp_port: "),
        "{all:#?}"
    );
}

#[test]
fn environment_variables_override_and_reach_inside() {
    let config = with_environment(
        "email: {notif_from: a@b.c, smtp_host: old}\nenable_registration: false",
        &[
            ("REGISTRAR__ENABLE_REGISTRATION", "true"),
            ("registrar__enable_registration_without_verification", "yes"),
            ("REGISTRAR__EMAIL__SMTP_HOST", "new"),
            ("REGISTRAR__REGISTRAR__HASHING__MEMORY_KIB", "8"),
            (
                "REGISTRAR__LISTENERS",
                "[{port: 9000, bind_addresses: [127.0.0.1]}]",
            ),
            ("REGISTRAR__REFRESHABLE_ACCESS_TOKEN_LIFETIME", "null"),
            ("OTHER__SERVER_NAME", "x.org"),
        ],
    )
    .into_config()
    .unwrap();
    assert!(config.policy.registration.enabled);
    let mails = mails(&config);
    assert_eq!(
        (mails.smtp.host.as_str(), mails.notif_from.as_str()),
        ("new", "a@b.c")
    );
    assert_eq!(config.hashing.cost.memory_kib, 8);
    assert_eq!(config.listeners.len(), 1);
    assert_eq!(config.policy.lifetimes.refreshable_access, None);
    assert_eq!(config.policy.server_name.as_str(), "example.org");
}

#[test]
fn text_from_the_environment_needs_no_quotes() {
    for secret in ["12345", "yes", "a: b # c", "'quoted'", "[x", "*alias"] {
        let variable = "REGISTRAR__REGISTRATION_SHARED_SECRET";
        let config = with_environment("", &[(variable, secret)]).into_config();
        let found = config.unwrap().policy.registration.shared_secret.unwrap();
        assert_eq!(found.expose(), secret);
    }
}

#[test]
fn unknown_overrides_are_mistakes_only_in_the_own_section() {
    let reading = with_environment(
        "",
        &[
            ("REGISTRAR__PRESENCE__ENABLED", "false"),
            ("REGISTRAR__WHAT", "1"),
        ],
    );
    assert_eq!(reading.findings.mistakes, []);
    assert!(
        reading
            .findings
            .ignored
            .iter()
            .any(|(name, why)| name == "presence.enabled"
                && matches!(why, Ignored::DoneElsewhere(_)))
    );
    assert!(
        reading
            .findings
            .ignored
            .contains(&("what".into(), Ignored::Unknown))
    );

    for (name, key) in [
        ("REGISTRAR__REGISTRAR__WHAT", "registrar.what"),
        ("REGISTRAR__REGISTRAR__HTTP__WHAT", "registrar.http.what"),
    ] {
        let mistakes = with_environment("", &[(name, "1")]).findings.mistakes;
        assert_eq!(mistakes.len(), 1, "{mistakes:#?}");
        assert_eq!(mistakes[0].key, key);
        assert!(
            mistakes[0]
                .to_string()
                .starts_with(&format!("environment variable {name}: "))
        );
    }
}

#[test]
fn malformed_overrides_are_mistakes() {
    for (name, value) in [
        ("REGISTRAR__", "1"),
        ("REGISTRAR__EMAIL____SMTP_HOST", "x"),
        ("REGISTRAR__LISTENERS", "[{port: 1"),
        ("REGISTRAR__SERVER_NAME__X", "1"),
    ] {
        let mistakes = with_environment("", &[(name, value)]).findings.mistakes;
        assert_eq!(mistakes.len(), 1, "{name}: {mistakes:#?}");
    }
}

#[test]
fn secrets_come_from_files_without_their_line_end() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret");
    fs::write(&file, " two words \r\n").unwrap();
    let shown = file.display();
    let config = config(&format!(
        "registration_shared_secret_path: {shown}\nmacaroon_secret_key_path: {shown}\n\
         form_secret_path: {shown}\nrecaptcha_public_key_path: {shown}\n\
         recaptcha_private_key_path: {shown}\npassword_config: {{pepper_path: {shown}}}\n\
         email: {{notif_from: a@b.c, smtp_user: u, smtp_pass_path: {shown}}}\n\
         enable_registration_captcha: true"
    ));
    let login = mails(&config).smtp.credentials.as_ref().unwrap();
    assert_eq!(login.password.expose(), " two words ");
    let registration = &config.policy.registration;
    assert_eq!(
        registration.shared_secret.as_ref().unwrap().expose(),
        " two words "
    );
    assert_eq!(
        registration.captcha_public_key.as_deref(),
        Some(" two words ")
    );
}

#[test]
fn unusable_secret_files_are_mistakes() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty");
    fs::write(&empty, "\n").unwrap();
    let empty = empty.display();
    for (yaml, words) in [
        (
            "form_secret_path: /nonexistent/secret".to_owned(),
            "cannot read",
        ),
        (format!("form_secret_path: {empty}"), "is empty"),
        (
            format!("form_secret: x\nform_secret_path: {empty}"),
            "only one of",
        ),
        (
            "form_secret_path: [x]".to_owned(),
            "expected the path of a file",
        ),
    ] {
        super::expect_mistake(&yaml, "form_secret_path", words);
    }
}

#[test]
fn foreign_keys_are_ignored_and_likely_misspellings_noticed() {
    let reading = read(
        "presence: {enabled: true}\nworker_app: x\nfrobnicate: 1\nenable_registraton: true\n\
         email: {notif_from: a@b.c, smpt_host: x}",
    );
    let findings = reading.findings;
    assert_eq!(findings.mistakes, []);
    let reason = |name: &str| {
        let found = findings.ignored.iter().find(|(path, _)| path == name);
        found.map(|(_, why)| *why)
    };
    for (name, words) in [("presence", "homeserver"), ("worker_app", "homeserver")] {
        let Some(Ignored::DoneElsewhere(instead)) = reason(name) else {
            panic!("{name}: {:?}", reason(name));
        };
        assert!(instead.contains(words), "{name}: {instead}");
    }
    assert_eq!(reason("frobnicate"), Some(Ignored::Unknown));
    let warnings: Vec<String> = findings.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(warnings.len(), 2, "{warnings:#?}");
    assert!(
        warnings[0].contains("did you mean `enable_registration`?"),
        "{warnings:#?}"
    );
    assert!(warnings[1].contains("email.smpt_host"), "{warnings:#?}");
    assert!(
        warnings[1].contains("did you mean `smtp_host`?"),
        "{warnings:#?}"
    );
}

#[test]
fn unknown_keys_of_the_own_section_are_mistakes() {
    super::expect_mistake(
        "registrar: {hashng: {}}",
        "registrar.hashng",
        "did you mean `hashing`?",
    );
    super::expect_mistake(
        "registrar: {log: {x: 1}}",
        "registrar.log.x",
        "unknown option",
    );
}

#[test]
fn unknown_variables_are_named_with_a_suggestion() {
    for (name, meant) in [
        (
            "REGISTRAR__ENABLE_REGISTRATON",
            "REGISTRAR__ENABLE_REGISTRATION",
        ),
        (
            "REGISTRAR__LOG__FILTER",
            "REGISTRAR__REGISTRAR__LOG__FILTER",
        ),
        ("REGISTRAR__EMAIL_SMTP_HOST", "REGISTRAR__EMAIL__SMTP_HOST"),
        ("REGISTRAR__SERVER_NAMES", "REGISTRAR__SERVER_NAME"),
    ] {
        let reading = with_environment("", &[(name, "x")]);
        let warnings: Vec<String> = reading.warnings().map(ToString::to_string).collect();
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        assert!(
            warnings[0].starts_with(&format!("environment variable {name}: ")),
            "{warnings:?}"
        );
        assert!(
            warnings[0].contains(&format!("did you mean `{meant}`?")),
            "{warnings:?}"
        );
    }
    let hopeless = with_environment("", &[("REGISTRAR__FROBNICATE", "x")]);
    let warnings: Vec<String> = hopeless.warnings().map(ToString::to_string).collect();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(!warnings[0].contains("did you mean"), "{warnings:?}");
}
