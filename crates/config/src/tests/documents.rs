//! Documentation, schema, example and report agree with the declarations of the keys.

use std::path::{Path, PathBuf};

use registrar_domain::model::id::ServerName;
use registrar_storage_diesel::Backend;
use registrar_testkit::SeededEntropy;

use super::super::key::{Effect, Groups, Key, Kind};
use super::super::{catalog, generate, load_text, schema, update_guide};
use super::{MINIMAL, config, read, squeezed};

const GUIDE: &str = include_str!("../../../../docs/CONFIG.md");

fn repository(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(path)
}

/// Calls `visit` with every key and its path, such as `listeners[].port`.
fn walk(groups: Groups, prefix: &str, visit: &mut dyn FnMut(&str, &Key)) {
    for key in catalog::all(groups) {
        let path = format!("{prefix}{}", key.name);
        visit(&path, key);
        match key.kind {
            Kind::Section(groups) => walk(groups, &format!("{path}."), visit),
            Kind::List(Kind::Section(groups)) => walk(groups, &format!("{path}[]."), visit),
            _ => {}
        }
    }
}

#[test]
fn the_guide_has_the_tables_of_this_version() {
    let updated = update_guide(GUIDE).expect("the marks around the tables");
    assert!(
        updated == GUIDE,
        "docs/CONFIG.md is out of date; it should be:\n{updated}"
    );
}

#[test]
fn the_guide_names_every_key() {
    walk(catalog::GROUPS, "", &mut |path, _| {
        assert!(GUIDE.contains(&format!("`{path}`")), "{path}");
    });
}

#[test]
fn the_schema_in_the_documentation_is_that_of_this_version() {
    let stored = std::fs::read_to_string(repository("docs/config.schema.json")).unwrap();
    let stored: serde_json::Value = serde_json::from_str(&stored).unwrap();
    assert!(
        stored == schema(),
        "docs/config.schema.json is out of date; it should be:\n{:#}",
        schema()
    );
}

#[test]
fn names_are_unique_and_defaults_fit() {
    let mut seen = std::collections::BTreeSet::new();
    walk(catalog::GROUPS, "", &mut |path, _| {
        assert!(seen.insert(path.to_owned()), "{path} is declared twice");
        assert!(
            catalog::done_elsewhere(path).is_none(),
            "{path} is listed as a homeserver's"
        );
    });
    // Reads every default, and a default that is no value of its type panics.
    config("email: {notif_from: a@b.c}\nuser_consent: {version: 1, template_dir: /}");
}

/// A value that no key of this kind accepts.
fn absurd(kind: &Kind) -> &'static str {
    match kind {
        Kind::Section(_) | Kind::Mapping | Kind::List(_) | Kind::Some(_) => "7.5",
        Kind::Texts => "{}",
        _ => "[[1]]",
    }
}

/// YAML in flow style that gives the key at `path` this value.
fn nested(path: &str, value: &str) -> String {
    let mut yaml = value.to_owned();
    for name in path.split('.').rev() {
        yaml = match name.strip_suffix("[]") {
            Some(name) => format!("{{{name}: [{yaml}]}}"),
            None => format!("{{{name}: {yaml}}}"),
        };
    }
    yaml[1..yaml.len() - 1].to_owned()
}

#[test]
fn every_key_is_read_and_refuses_what_it_cannot_be() {
    walk(catalog::GROUPS, "", &mut |path, key| {
        let yaml = nested(path, absurd(&key.kind));
        let findings = load_text(&yaml, "test.yaml", []).findings;
        let place = path.replace("[]", "[0]");
        if key.effect == Effect::None {
            assert!(
                findings.ignored.iter().any(|(name, _)| *name == place),
                "{yaml}"
            );
        } else {
            let told = findings
                .mistakes
                .iter()
                .filter(|mistake| mistake.key == place)
                .count();
            assert_eq!(told, 1, "{yaml}: {:#?}", findings.mistakes);
        }
    });
}

#[test]
fn no_value_of_any_key_is_a_surprise() {
    let values = [
        "''",
        "x",
        "-1",
        "1.5",
        "true",
        "[]",
        "[{}]",
        "{x: 1}",
        "9223372036854775807y",
    ];
    walk(catalog::GROUPS, "", &mut |path, _| {
        for value in values {
            let yaml = format!("server_name: example.org\n{}", nested(path, value));
            let yaml = yaml.trim_start_matches(if path == "server_name" { MINIMAL } else { "" });
            let reading = load_text(yaml, "test.yaml", []);
            let report = reading.report();
            assert_eq!(
                reading.config().is_some(),
                report.starts_with("no mistakes, "),
                "{yaml}\n{report}"
            );
        }
    });
}

#[test]
fn null_is_as_good_as_absent() {
    walk(catalog::GROUPS, "", &mut |path, _| {
        if path.contains("[]") || path == "server_name" {
            return;
        }
        let yaml = format!("server_name: example.org\n{}", nested(path, "null"));
        // A section with nothing but null in it is still there, and may lack something.
        let reading = load_text(&yaml, "test.yaml", []);
        let refused = reading
            .findings
            .mistakes
            .iter()
            .any(|mistake| mistake.key == path);
        let required = [
            "email.notif_from",
            "user_consent.version",
            "user_consent.template_dir",
            "database.name",
            "registrar.webhook.url",
            "registrar.webhook.secret",
        ];
        assert_eq!(
            refused,
            required.contains(&path),
            "{yaml}: {:#?}",
            reading.findings.mistakes
        );
    });
}

#[test]
fn the_example_is_a_configuration() {
    let example = std::fs::read_to_string(repository("deploy/homeserver.example.yaml")).unwrap();
    let reading = load_text(&example, "example", []);
    assert_eq!(reading.findings.mistakes, []);
    assert_eq!(reading.findings.warnings, []);
    assert_eq!(reading.findings.ignored, []);
    let registration = reading.into_config().unwrap().policy.registration;
    assert!(
        registration.shared_secret.is_none(),
        "a secret that everybody can read"
    );
}

#[test]
fn commented_options_of_the_example_are_right_too() {
    let example = std::fs::read_to_string(repository("deploy/homeserver.example.yaml")).unwrap();
    let uncommented: String = example
        .lines()
        .filter(|line| !line.contains("smtp_pass_path"))
        .map(|line| match line.trim_start().strip_prefix('#') {
            // Prose has a space after its mark, options have not.
            Some(option) if !option.starts_with([' ', '#']) || option.starts_with("  ") => {
                let indent = &line[..line.len() - line.trim_start().len()];
                format!("{indent}{option}\n")
            }
            _ => format!("{line}\n"),
        })
        .collect();
    assert!(uncommented.contains("\n  notif_from:"), "{uncommented}");
    let reading = load_text(&uncommented, "example", []);
    assert_eq!(reading.findings.mistakes, []);
    assert_eq!(reading.findings.ignored, []);
}

#[test]
fn generated_configurations_pass_and_have_secrets_of_their_own() {
    let name = ServerName::parse("chat.example.com:8448").unwrap();
    let entropy = SeededEntropy::new(1);
    let generate = || generate(&name, Path::new("/srv/a \"b\""), &entropy);
    let (first, second) = (generate(), generate());
    assert_ne!(first, second);
    let reading = load_text(&first, "generated", []);
    assert_eq!(reading.findings.mistakes, []);
    assert_eq!(reading.findings.warnings, []);
    assert_eq!(reading.findings.ignored, []);
    let config = reading.into_config().unwrap();
    let Backend::Sqlite { path } = &config.database.backend else {
        panic!("{:?}", config.database.backend)
    };
    assert_eq!(path, Path::new("/srv/a \"b\"/registrar.db"));
    assert_eq!(config.policy.server_name, name);
    assert_eq!(
        config.policy.threepids.public_baseurl,
        "https://chat.example.com:8448/"
    );
    let shared = config.policy.registration.shared_secret.unwrap();
    assert_eq!(shared.expose().len(), 64);
    let form = first.lines().find(|line| line.starts_with("form_secret: "));
    assert!(!form.unwrap().contains(shared.expose().as_str()));
    assert!(!second.contains(shared.expose().as_str()));
}

#[test]
fn the_report_tells_what_was_understood_and_no_secret() {
    let report = read(
        "enable_registration: true\nregistration_requires_token: true\nsession_lifetime: 90d\n\
         registration_shared_secret: hunter2-0123456789\npresence: {enabled: false}\nfrobnicate: 1\n\
         registration_requires_tokn: 1\n\
         database: {name: psycopg2, args: {user: registrar, password: hunter2, host: db}}\n\
         email: {notif_from: a@b.c, smtp_user: u, smtp_pass: hunter2}",
    )
    .report();
    let report = squeezed(&report);
    for words in [
        "Warnings (2)",
        "Without effect on this server (1):\npresence (rooms, invitations and events: the homeserver)\n",
        "Unknown options, ignored (2):\nfrobnicate\n",
        "example.org",
        "[::1]:8008, 127.0.0.1:8008: client, health",
        "PostgreSQL database named like the user at db, port 5432, as registrar, password given",
        "m.login.registration_token → m.login.dummy",
        "\nsession_lifetime 90d\n",
        "\nrc_registration.per_second 0.17 (default)\n",
        "\nemail.smtp_pass given\n",
        "argon2id, memory 19456 KiB, passes 2, lanes 1",
    ] {
        assert!(report.contains(words), "{words}\n{report}");
    }
    assert!(!report.contains("hunter2"), "{report}");
}

#[test]
fn the_report_of_an_unusable_configuration_lists_its_mistakes() {
    let reading = read("enable_registration: true\nlisteners: []");
    assert!(reading.config().is_none());
    let report = reading.report();
    assert!(
        report.starts_with("2 mistakes, ") && report.contains("\nMistakes (2):\n  test.yaml:"),
        "{report}"
    );
    assert!(report.contains("would not start"), "{report}");
}

/// What is commented out in the example, but for what is marked as an example.
fn with_shown_defaults(example: &str) -> String {
    let mut text = String::new();
    for line in example.lines() {
        let indent = line.len() - line.trim_start().len();
        let option = line[indent..].strip_prefix('#').filter(|rest| {
            // Prose has one space before it, and a heading another `#`.
            let prose = rest.starts_with(' ') && !rest.starts_with("  ");
            !(rest.is_empty() || rest.starts_with('#') || prose)
        });
        match option {
            Some(option) if !line.contains("# example") && !line.contains("<random>") => {
                text.push_str(&line[..indent]);
                text.push_str(option);
            }
            _ => text.push_str(line),
        }
        text.push('\n');
    }
    text
}

#[test]
fn the_example_shows_true_defaults() {
    let example = std::fs::read_to_string(repository("deploy/homeserver.example.yaml")).unwrap();
    let shown = with_shown_defaults(&example);
    let lines = shown.lines().zip(example.lines());
    assert!(lines.filter(|(shown, written)| shown != written).count() >= 10);
    let read = |text: &str| {
        let config = load_text(text, "example.yaml", []).into_config();
        format!(
            "{:#?}",
            config.unwrap_or_else(|error| panic!("{text}\n{error}"))
        )
    };
    assert_eq!(read(&shown), read(&example));
}
