use std::sync::Arc;
use std::time::Duration;

use registrar_domain::model::limit::Rate;

use super::super::tree::{Node, Value};
use super::super::{ListenAddress, load_text, syntax};
use super::{config, expect_mistake, mistakes, read};

fn value(yaml: &str) -> Value {
    match Node::parse_value(yaml, &Arc::from("test")) {
        Ok(node) => node.value,
        Err(error) => panic!("{yaml}: {}", error.message),
    }
}

#[test]
fn durations() {
    let rows = [
        ("1500", Some(1500)),
        ("'1500'", Some(1500)),
        ("2s", Some(2_000)),
        ("3m", Some(180_000)),
        ("1h", Some(3_600_000)),
        ("1d", Some(86_400_000)),
        ("1w", Some(604_800_000)),
        ("1y", Some(31_536_000_000)),
        ("0", Some(0)),
        ("-5", None),
        ("'-5s'", None),
        ("'+5s'", None),
        ("5ss", None),
        ("s", None),
        ("1.5", None),
        ("1.5h", None),
        ("5 minutes", None),
        ("99999999999999y", None),
        ("yes", None),
        ("[5m]", None),
    ];
    for (yaml, expected) in rows {
        let expected = expected.map(Duration::from_millis);
        assert_eq!(syntax::duration(&value(yaml)), expected, "{yaml}");
    }
}

#[test]
fn sizes() {
    let rows = [
        ("1000", Some(1000)),
        ("1K", Some(1024)),
        ("50M", Some(52_428_800)),
        ("2G", Some(2_147_483_648)),
        ("1k", None),
        ("M", None),
        ("-1M", None),
    ];
    for (yaml, expected) in rows {
        assert_eq!(syntax::size(&value(yaml)), expected, "{yaml}");
    }
}

#[test]
fn switches_understand_words_and_nothing_else() {
    for word in [
        "true", "True", "yes", "on", "1", "'y'", "'t'", "'TRUE'", "\"On\"",
    ] {
        assert_eq!(syntax::switch(&value(word)), Some(true), "{word}");
    }
    for word in ["false", "no", "off", "0", "'n'", "'f'", "'False'"] {
        assert_eq!(syntax::switch(&value(word)), Some(false), "{word}");
    }
    for word in ["maybe", "2", "1.0", "[]", "''"] {
        assert_eq!(syntax::switch(&value(word)), None, "{word}");
    }
}

#[test]
fn durations_are_shown_as_they_would_be_written_or_with_three_digits() {
    let rows = [
        (0, "0"),
        (7, "7ms"),
        (999, "999ms"),
        (1_001, "1 s"),
        (2_351, "2.35 s"),
        (2_400_500, "40 m"),
        (9_999, "10 s"),
        (99_960, "1.67 m"),
        (90_000, "90s"),
        (300_000, "5m"),
        (100_001_000, "1.16 d"),
        (400 * 86_400_000, "400d"),
        (1_003 * 86_400_000, "2.75 y"),
        (123 * 365 * 86_400_000, "123y"),
    ];
    for (ms, expected) in rows {
        let shown = syntax::show_duration(Duration::from_millis(ms));
        assert_eq!(shown, expected, "{ms}");
    }
}

#[test]
fn flags_are_what_python_readers_call_booleans() {
    for yes in ["true", "yes", "on", "True", "ON", "1"] {
        assert!(
            config(&format!("allow_guest_access: {yes}"))
                .policy
                .registration
                .guests_allowed,
            "{yes}"
        );
    }
    for no in ["false", "no", "off", "0", "null", ""] {
        assert!(
            !config(&format!("allow_guest_access: {no}"))
                .policy
                .registration
                .guests_allowed,
            "{no}"
        );
    }
    expect_mistake(
        "allow_guest_access: 'false'",
        "allow_guest_access",
        "without quotes",
    );
}

#[test]
fn numbers_where_text_is_meant_want_quotes() {
    expect_mistake("admin_contact: 12345", "admin_contact", "put it in quotes");
}

#[test]
fn the_value_of_a_secret_is_never_part_of_a_message() {
    let all = mistakes(
        "registration_shared_secret: 424242\n\
         password_config: {pepper: [hunter2]}\n\
         registrar: {database: 'postgres://u:hunter2@h:x/d', database_password: 424242}",
    );
    assert_eq!(all.len(), 4, "{all:#?}");
    for mistake in all {
        assert!(
            !mistake.contains("424242") && !mistake.contains("hunter2"),
            "{mistake}"
        );
    }
}

#[test]
fn debug_output_of_a_configuration_has_no_secret() {
    let config = config(
        "registration_shared_secret: hunter2\nmacaroon_secret_key: hunter2\nform_secret: hunter2\n\
         recaptcha_private_key: hunter2\npassword_config: {pepper: hunter2}\n\
         email: {notif_from: a@b.c, smtp_user: u, smtp_pass: hunter2}\n\
         registrar: {database: 'postgres://u:hunter2@h/d'}",
    );
    assert!(!format!("{config:?}").contains("hunter2"));
}

#[test]
fn of_a_key_given_twice_the_last_value_counts_with_a_warning() {
    let reading = read(
        "allow_guest_access: false\nallow_guest_access: true\n\
         rc_login: {address: {per_second: 1, per_second: 2}}\n",
    );
    let warnings: Vec<String> = reading.warnings().map(ToString::to_string).collect();
    assert_eq!(warnings.len(), 2, "{warnings:#?}");
    assert!(
        warnings[0].starts_with("test.yaml:3: allow_guest_access: "),
        "{warnings:#?}"
    );
    assert!(warnings[0].contains("line 2"), "{warnings:#?}");
    let config = reading.into_config().unwrap();
    assert!(config.policy.registration.guests_allowed);
    assert_eq!(config.policy.rates.login_address.per_second, 2.0);
}

#[test]
fn quoted_numbers_are_read() {
    let config = config(
        "listeners: [{port: '8009'}]\n\
         rc_login: {address: {per_second: '0.5', burst_count: \"7\"}}",
    );
    let ListenAddress::Tcp(addresses) = &config.listeners[0].address else {
        panic!("{:?}", config.listeners);
    };
    assert!(addresses.iter().all(|address| address.port() == 8009));
    assert_eq!(config.policy.rates.login_address.per_second, 0.5);
    assert_eq!(config.policy.rates.login_address.burst_count, 7.0);
    for yaml in [
        "max_mau_value: '8009x'",
        "mau_trial_days: '70000'",
        "rc_login: {address: {per_second: '-1'}}",
        "rc_login: {address: {per_second: 'inf'}}",
    ] {
        assert_eq!(mistakes(yaml).len(), 1, "{yaml}");
    }
}

/// Mistakes in the syntax, their lines, and words of what is said about them.
#[test]
fn what_is_not_yaml_is_explained_without_what_was_written() {
    let rows = [
        ("form_secret: hunter2\n---\nb: 1\n", 3, "one YAML document"),
        ("form_secret: !vault hunter2\n", 2, "`!vault`"),
        ("listeners:\n\t- port: 1\n", 3, "a tab"),
        ("a: b: hunter2\n", 2, "put a value with a colon in quotes"),
        ("a: 'hunter2\n", 2, "no end"),
        ("a: \"hunter2\\q\"\n", 2, "unknown escape"),
        ("a: [1, 2\nb: 3\n", 2, "`]`"),
        ("a: {b: 1\nc: 3\n", 2, ""),
        ("a: @hunter2\n", 2, "cannot begin with this character"),
        ("email:\n  smtp_host: x\n   smtp_port: 1\n", 4, ""),
        ("email:\n  smtp_host: x\n hunter2: 1\n", 4, "indentation"),
        ("a: *b\n", 2, "anchor"),
        ("hunter2\n", 2, ""),
    ];
    for (yaml, line, words) in rows {
        let all = mistakes(yaml);
        assert_eq!(all.len(), 1, "{yaml}\n{all:#?}");
        assert!(
            all[0].starts_with(&format!("test.yaml:{line}: ")),
            "{yaml}\n{all:#?}"
        );
        assert!(all[0].contains(words), "{yaml}\n{all:#?}");
        assert!(
            !all[0].contains("hunter2") && !all[0].contains("at line"),
            "{all:#?}"
        );
    }
}

#[test]
fn other_mistakes_stand_beside_one_in_the_syntax_in_the_order_of_lines() {
    let reading = read(
        "listeners: [{port: many}]\nemail:\n  smtp_host: x\n   smtp_port: 1\n\
         allow_guest_access: perhaps\nenable_registration: true\nregistrar: {what: 1}\n",
    );
    let report = reading.report();
    let lines: Vec<&str> = report
        .lines()
        .filter(|line| line.contains("test.yaml:"))
        .collect();
    let numbers: Vec<&str> = lines
        .iter()
        .filter_map(|line| line.split(':').nth(1))
        .collect();
    assert_eq!(numbers, ["2", "5", "6", "8"], "{report}");
    assert!(report.starts_with("4 mistakes, "), "{report}");
    assert!(
        report.ends_with("would not start with this configuration.\n"),
        "{report}"
    );
    let error = reading.into_config().unwrap_err().to_string();
    assert_eq!(error.lines().count(), 5, "{error}");
}

#[test]
fn files_of_other_systems_are_read() {
    let yaml = "\u{feff}server_name: example.org\r\nallow_guest_access: true\r\n";
    let config = load_text(yaml, "test.yaml", []).into_config().unwrap();
    assert!(config.policy.registration.guests_allowed);
}

#[test]
fn aliases_work_but_cannot_explode() {
    let shared = config(
        "rc_registration: &fast {per_second: 9, burst_count: 8}\n\
         rc_registration_token_validity: *fast",
    );
    assert_eq!(
        shared.policy.rates.registration,
        shared.policy.rates.registration_token_validity
    );

    let mut bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for pair in ["ab", "bc", "cd", "de", "ef", "fg", "gh"] {
        let (from, to) = pair.split_at(1);
        let aliases = vec![format!("*{from}"); 10].join(", ");
        bomb.push_str(&format!("{to}: &{to} [{aliases}]\n"));
    }
    assert_eq!(mistakes(&bomb).len(), 1);
}

#[test]
fn the_deployment_may_fail_more_often_than_one_client() {
    let check = |text: &str, per_second, burst_count| {
        let rate = config(text).policy.rates.failed_registration_tokens;
        let expected = Rate {
            per_second,
            burst_count,
        };
        assert_eq!(rate, expected, "{text}");
    };
    check("", 10.0, 200.0);
    check(
        "rc_registration_token_validity: {per_second: 1, burst_count: 2}",
        100.0,
        80.0,
    );
    check(
        "registrar: {rates: {failed_registration_tokens: {per_second: 3, burst_count: 4}}}",
        3.0,
        4.0,
    );
}

#[test]
fn nesting_is_bounded() {
    let deep = format!("a: {}{}", "[".repeat(5_000), "]".repeat(5_000));
    assert_eq!(mistakes(&deep).len(), 1);
}

#[test]
fn json_is_yaml() {
    let reading = load_text(
        "{\"server_name\": \"example.org\",\n \"session_lifetime\": \"1h\"}",
        "test.json",
        [],
    );
    let config = reading.into_config().unwrap();
    assert_eq!(
        config.policy.lifetimes.session,
        Some(Duration::from_secs(3600))
    );
}
