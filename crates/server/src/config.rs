//! The configuration: an operator's `homeserver.yaml`, read into plain validated values.
//!
//! | step | file |
//! |---|---|
//! | find and merge files, apply environment variables | `sources.rs` |
//! | YAML to an untyped tree that remembers lines | `tree.rs` |
//! | which keys exist, of what kind, with which default | `key.rs`, `catalog.rs`, and `KEYS` in each section's file |
//! | read a mapping key by key, collecting mistakes | `section.rs`, `findings.rs` |
//! | the sections: keys, values, and rules between them | one file each |
//! | `check-config`, `generate-config`, JSON schema, tables of `docs/CONFIG.md` | `report.rs`, `generate.rs`, `schema.rs`, `reference.rs` |
//!
//! Reading never stops at a mistake: [`load`] gives a [`Reading`], which has a [`Config`] only if there
//! was none. To add an option, declare its key in the `KEYS` of its section, read it there, and
//! regenerate the documentation; tests complain about whatever is forgotten.

mod accounts;
mod app_services;
mod captcha;
mod catalog;
mod consent;
mod console;
mod database;
mod document;
mod email;
mod findings;
mod gates;
mod generate;
mod key;
mod lifetimes;
mod listeners;
mod own;
mod password;
mod pattern_advice;
mod policy;
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
mod url;
mod usage;
mod validation;
mod webhook;

use std::cell::RefCell;
use std::path::PathBuf;
use std::time::Duration;

use registrar_domain::model::policy::{AccountPolicy, TokenLifetimes, ValidationPolicy};
use registrar_http_client::Proxies;

pub(crate) use self::app_services::AppServices;
pub(crate) use self::captcha::Captcha;
pub(crate) use self::consent::Consent;
pub(crate) use self::console::Console;
pub(crate) use self::email::{Email, MailTls, Sender};
pub(crate) use self::findings::{ConfigError, Finding};
pub(crate) use self::generate::generate;
pub(crate) use self::listeners::{ListenAddress, Listener, Resource};
pub(crate) use self::own::{Hashing, Http, Log, LogFormat, Network};
pub(crate) use self::password::Passwords;
pub(crate) use self::rates::Rates;
pub(crate) use self::reference::update_guide;
pub(crate) use self::registration::Registration;
pub(crate) use self::schema::schema;
pub(crate) use self::secrets::Secrets;
pub(crate) use self::server::Server;
pub(crate) use self::syntax::{duration_of, show_duration};
pub(crate) use self::threepids::{Delegate, Threepids};
pub(crate) use self::usage::Usage;
pub(crate) use self::webhook::Webhook;

use self::findings::Findings;
use self::section::Section;
use self::tree::Mapping;

/// Everything that the operator chose.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// Who the server is and where clients reach it.
    pub(crate) server: Server,
    /// Where it listens; never empty.
    pub(crate) listeners: Vec<Listener>,
    /// Which database holds the accounts, and how to use it.
    pub(crate) database: registrar_storage_diesel::Options,
    /// Who may register, and by which flows.
    pub(crate) registration: Registration,
    /// How long tokens live.
    pub(crate) lifetimes: TokenLifetimes,
    /// `ui_auth.session_timeout`.
    pub(crate) ui_auth_session_timeout: Duration,
    /// How fast clients may act.
    pub(crate) rates: Rates,
    /// Passwords.
    pub(crate) passwords: Passwords,
    /// The captcha at registration.
    pub(crate) captcha: Captcha,
    /// The policy that users agree to.
    pub(crate) consent: Option<Consent>,
    /// The mail server.
    pub(crate) email: Option<Email>,
    /// Email addresses and phone numbers.
    pub(crate) threepids: Threepids,
    /// What it takes to validate them.
    pub(crate) validation: ValidationPolicy,
    /// A service that has a say in registrations.
    pub(crate) webhook: Option<Webhook>,
    /// The proxies that other servers are reached through.
    pub(crate) proxies: Proxies,
    /// Application services.
    pub(crate) app_services: AppServices,
    /// Limits on the use of the whole server.
    pub(crate) usage: Usage,
    /// What accounts may be, and who sees them.
    pub(crate) accounts: AccountPolicy,
    /// `templates.custom_template_directory`.
    pub(crate) template_dir: Option<PathBuf>,
    /// Secrets of no other section.
    pub(crate) secrets: Secrets,
    /// Password hashes.
    pub(crate) hashing: Hashing,
    /// Whose `X-Forwarded-For` is believed; empty: everybody's who can connect.
    pub(crate) trusted_proxies: Vec<Network>,
    /// Limits on requests and connections.
    pub(crate) http: Http,
    /// Logs.
    pub(crate) log: Log,
    /// Where `registrar admin` reaches the running server.
    pub(crate) console: Console,
    /// `registrar.core_dumps`: may a crash leave one?
    pub(crate) core_dumps: bool,
}

/// What came of reading a configuration.
#[derive(Debug)]
pub(crate) struct Reading {
    /// `Some` exactly if there was no mistake.
    config: Option<Config>,
    findings: Findings,
}

/// Reads the configuration from files, folders of `*.yaml` files, and environment variables; later
/// ones win. Reads files that it names (secrets), opens nothing else.
pub(crate) fn load(
    paths: &[PathBuf],
    environment: impl IntoIterator<Item = (String, String)>,
) -> Reading {
    let findings = RefCell::default();
    let merged = sources::read_files(paths, &findings);
    interpret(merged, environment, findings)
}

/// Reads a configuration that is not in a file; `name` stands for it in messages.
pub(crate) fn load_text(
    text: &str,
    name: &str,
    environment: impl IntoIterator<Item = (String, String)>,
) -> Reading {
    let findings = RefCell::default();
    let merged = sources::read_text(text, name, &findings);
    interpret(merged, environment, findings)
}

fn interpret(
    mut merged: Mapping,
    environment: impl IntoIterator<Item = (String, String)>,
    findings: RefCell<Findings>,
) -> Reading {
    let environment: Vec<(String, String)> = environment.into_iter().collect();
    let machine = proxies::of_the_machine(&environment);
    sources::overlay_environment(&mut merged, environment.iter().cloned(), &findings);
    let root = Section::root(&merged, &findings);
    let config = Config::read(&root, machine, &environment);
    let findings = findings.into_inner();
    let config = config.filter(|_| findings.mistakes.is_empty());
    debug_assert!(
        config.is_some() || !findings.mistakes.is_empty(),
        "a refusal has a reason"
    );
    Reading { config, findings }
}

impl Reading {
    /// What there is to say when no configuration was named and none is at the usual places.
    pub(crate) fn missing(places: &[&str]) -> Self {
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
    pub(crate) fn into_config(self) -> Result<Config, ConfigError> {
        self.config.ok_or(ConfigError(self.findings.mistakes))
    }

    /// Things worth a look, for the log at start: first what decides who gets in and is not obeyed.
    pub(crate) fn warnings(&self) -> impl Iterator<Item = &Finding> {
        let Findings {
            not_obeyed,
            warnings,
            ..
        } = &self.findings;
        not_obeyed.iter().chain(warnings)
    }

    /// The configuration, if there was no mistake.
    pub(crate) fn config(&self) -> Option<&Config> {
        self.config.as_ref()
    }

    /// Adds what was found when the configuration was put to use.
    pub(crate) fn add(&mut self, mistakes: Vec<String>, warnings: Vec<String>) {
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
    pub(crate) fn has_mistakes(&self) -> bool {
        !self.findings.mistakes.is_empty()
    }

    /// What `check-config` prints: mistakes, warnings, keys without effect, and what was understood.
    /// Shows no secret.
    pub(crate) fn report(&self) -> String {
        report::report(self.config.as_ref(), &self.findings)
    }
}

impl Config {
    /// Reads every section, whatever is wrong with another. `None` only after a reported mistake.
    fn read(
        root: &Section<'_>,
        machine: Proxies,
        environment: &[(String, String)],
    ) -> Option<Self> {
        let own_section = root.section("registrar");
        let server = Server::read(root);
        let mut listeners = listeners::read(root);
        if server.as_ref().is_some_and(|server| !server.metrics) {
            listeners::leave_metrics_out(root, &mut listeners);
        }
        let own = own::Own::read(&own_section);
        listeners::advise(root, &listeners, &own.trusted_proxies);
        let database = database::read(root, &own_section, environment);
        let secrets = Secrets::read(root);
        let captcha = Captcha::read(root, &own_section.section("captcha"));
        let consent = Consent::read(root, &listeners, &secrets);
        let threepids = Threepids::read(root, &own_section.section("identity_servers"));
        let public_host = server.as_ref().map(|server| server.public_baseurl.host());
        let email = Email::read(
            root,
            &own_section.section("email"),
            public_host.as_deref().unwrap_or("localhost"),
            threepids.email_delegate.is_some(),
        );
        let stages = registration::Stages {
            email_enabled: threepids.email_delegate.is_some() || email.is_some(),
            threepids: &threepids,
            captcha: &captcha,
            consent: consent.as_ref(),
        };
        let registration = Registration::read(root, &stages);
        let validation = own_section.section("validation");
        let validation = validation::read(&validation, &registration, &captcha);
        rooms::check(root);
        gates::check(root);
        let config = Self {
            listeners,
            registration,
            lifetimes: lifetimes::read(root),
            ui_auth_session_timeout: lifetimes::read_ui_auth_session_timeout(root),
            rates: Rates::read(root, &own_section.section("rates")),
            passwords: Passwords::read(root),
            captcha,
            consent,
            email,
            threepids,
            validation,
            webhook: Webhook::read(&own_section.section("webhook")),
            proxies: proxies::read(root, machine),
            app_services: AppServices::read(root),
            usage: Usage::read(root),
            accounts: accounts::read(root),
            template_dir: templates::read(root),
            secrets,
            hashing: own.hashing,
            trusted_proxies: own.trusted_proxies,
            http: own.http,
            log: own.log,
            console: own.console,
            core_dumps: own.core_dumps,
            server: server?,
            database: database?,
        };
        Some(config)
    }

    /// Where the policy can be read; without one, where it would be.
    pub(crate) fn terms_url(&self) -> String {
        let version = self.consent.as_ref().map(|consent| &*consent.version);
        let version = version.map_or(String::new(), |version| format!("?v={version}"));
        format!("{}_matrix/consent{version}", self.server.public_baseurl)
    }
}
