//! What operators write, and what comes of it.

mod advice;
mod database;
mod documents;
mod listeners;
mod outbound;
mod registration;
mod sources;
mod startup;
mod validation;
mod values;

use super::{Config, EmailValidation, Reading, load_text};

/// Enough to start with.
const MINIMAL: &str = "server_name: example.org\n";

/// Reads YAML after the minimal configuration.
fn read(yaml: &str) -> Reading {
    load_text(&format!("{MINIMAL}{yaml}"), "test.yaml", [])
}

/// The configuration that YAML after the minimal one means.
fn config(yaml: &str) -> Config {
    match read(yaml).into_config() {
        Ok(config) => config,
        Err(error) => panic!("{yaml}\n{error}"),
    }
}

/// A report with one space where it has several.
fn squeezed(report: &str) -> String {
    let lines = report.lines().map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        words.join(" ")
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// How this server sends mails.
fn mails(config: &Config) -> &registrar_mail::Options {
    match &config.email {
        EmailValidation::ByMail(mails) => mails,
        other => panic!("{other:?}"),
    }
}

/// All mistakes in YAML after the minimal configuration, as an operator sees them.
fn mistakes(yaml: &str) -> Vec<String> {
    read(yaml)
        .findings
        .mistakes
        .iter()
        .map(ToString::to_string)
        .collect()
}

/// Expects exactly one mistake: in this key, with a message that contains these words.
#[track_caller]
fn expect_mistake(yaml: &str, key: &str, words: &str) {
    let findings = read(yaml).findings;
    let [mistake] = findings.mistakes.as_slice() else {
        panic!("{yaml}\n{:#?}", findings.mistakes);
    };
    assert_eq!(mistake.key, key, "{yaml}\n{mistake}");
    assert!(mistake.message.contains(words), "{yaml}\n{mistake}");
}
