#![doc = include_str!("../README.md")]
//!
//! # Map of the sources
//!
//! | step | file |
//! |---|---|
//! | find and merge files, apply environment variables | `sources.rs` |
//! | YAML to an untyped tree that remembers lines | `tree.rs` |
//! | what is declared about a key, and how | `key.rs`, `keys.rs` |
//! | what a key can be | `types.rs` |
//! | read a mapping key by key, collecting mistakes | `section.rs`, `findings.rs` |
//! | the sections: keys, values, and rules between them | one file each |
//! | all sections together | `config.rs` |
//! | `check-config`, `generate-config`, JSON Schema, tables of `docs/CONFIG.md` | `report.rs`, `generate.rs`, `schema.rs`, `reference.rs` |
//!
//! Reading never stops at a mistake: [`load`] gives a [`Reading`], which has a [`Config`] only if there
//! was none. After a change of the declarations, `cargo xtask config-schema` writes the documentation.

mod accounts;
mod app_services;
mod captcha;
mod catalog;
mod config;
mod consent;
mod console;
mod database;
mod document;
mod email;
mod findings;
mod gates;
mod generate;
mod hashing;
mod http;
mod key;
mod keys;
mod lifetimes;
mod listeners;
mod log;
mod network;
mod own;
mod password;
mod pattern_advice;
mod proxies;
mod rates;
mod reference;
mod registration;
mod report;
mod rooms;
mod schema;
mod secrecy;
mod secrets;
mod section;
mod server;
mod sources;
mod spelling;
mod syntax;
mod templates;
#[cfg(test)]
mod tests;
mod threepids;
mod tree;
mod types;
mod usage;
mod validation;
mod webhook;

use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;

pub use self::config::{Config, EmailValidation};
pub use self::console::{Console, check_socket_path};
pub use self::findings::{ConfigError, Finding, Origin};
pub use self::generate::generate;
pub use self::http::Http;
pub use self::listeners::{ListenAddress, Listener};
pub use self::log::{Log, LogFormat};
pub use self::reference::update_guide;
pub use self::schema::schema;
pub use self::syntax::{duration_of, show_duration};

use self::findings::Findings;
use self::section::Section;
use self::tree::Mapping;

/// What came of reading a configuration.
#[derive(Debug)]
pub struct Reading {
    /// `Some` exactly if there was no mistake.
    config: Option<Config>,
    findings: Findings,
}

/// Reads the configuration from files, folders of `*.yaml` files, and environment variables; later
/// ones win. Reads files that it names (secrets), opens nothing else.
pub fn load(paths: &[PathBuf], environment: impl IntoIterator<Item = (String, String)>) -> Reading {
    let findings = Rc::default();
    let merged = sources::read_files(paths, &findings);
    interpret(merged, environment, &findings)
}

/// Reads a configuration that is not in a file; `name` stands for it in messages.
pub fn load_text(
    text: &str,
    name: &str,
    environment: impl IntoIterator<Item = (String, String)>,
) -> Reading {
    let findings = Rc::default();
    let merged = sources::read_text(text, name, &findings);
    interpret(merged, environment, &findings)
}

fn interpret(
    mut merged: Mapping,
    environment: impl IntoIterator<Item = (String, String)>,
    findings: &Rc<RefCell<Findings>>,
) -> Reading {
    let environment: Vec<(String, String)> = environment.into_iter().collect();
    sources::overlay_environment(&mut merged, environment.iter().cloned(), findings);
    let config = Config::read(&Section::root(&merged, findings), &environment);
    let findings = findings.take();
    let config = config.filter(|_| findings.mistakes.is_empty());
    debug_assert!(
        config.is_some() || !findings.mistakes.is_empty(),
        "a refusal has a reason"
    );
    Reading { config, findings }
}

impl Reading {
    /// What there is to say when no configuration was named and none is at the usual places.
    pub fn missing(places: &[&str]) -> Self {
        let message = format!(
            "no configuration file: name one with `--config`, or put it at one of {}; \
             `registrar generate-config` writes one",
            places.join(", ")
        );
        let mistake = Finding {
            key: String::new(),
            origin: None,
            message,
        };
        let findings = Findings {
            incomplete: true,
            mistakes: vec![mistake],
            ..Findings::default()
        };
        Self {
            config: None,
            findings,
        }
    }

    /// The configuration.
    ///
    /// # Errors
    /// All mistakes, if there is one.
    pub fn into_config(self) -> Result<Config, ConfigError> {
        self.config.ok_or(ConfigError(self.findings.mistakes))
    }

    /// Things worth a look, for the log at start: first what decides who gets in and is unsupported.
    pub fn warnings(&self) -> impl Iterator<Item = &Finding> {
        let Findings {
            unsupported,
            warnings,
            ..
        } = &self.findings;
        unsupported.iter().chain(warnings)
    }

    /// The configuration, if there was no mistake.
    pub fn config(&self) -> Option<&Config> {
        self.config.as_ref()
    }

    /// Adds what was found when the configuration was put to use.
    pub fn add(&mut self, mistakes: Vec<String>, warnings: Vec<String>) {
        let finding = |message| Finding {
            key: String::new(),
            origin: None,
            message,
        };
        let findings = &mut self.findings;
        findings.mistakes.extend(mistakes.into_iter().map(finding));
        findings.warnings.extend(warnings.into_iter().map(finding));
    }

    /// Does anything keep the server from starting?
    pub fn has_mistakes(&self) -> bool {
        !self.findings.mistakes.is_empty()
    }

    /// What `check-config` prints: mistakes, warnings, keys without effect, and what was understood.
    /// Shows no secret.
    pub fn report(&self) -> String {
        report::report(self.config.as_ref(), &self.findings)
    }
}
