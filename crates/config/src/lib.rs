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

pub use self::app_services::AppServices;
pub use self::captcha::Captcha;
pub use self::consent::Consent;
pub use self::console::{Console, check_socket_path};
pub use self::email::{Email, MailTexts, MailTls, Sender};
pub use self::findings::{ConfigError, Finding, Origin};
pub use self::generate::generate;
pub use self::listeners::{ListenAddress, Listener, Resource};
pub use self::own::{Hashing, Http, Log, LogFormat, Network};
pub use self::password::Passwords;
pub use self::rates::Rates;
pub use self::reference::update_guide;
pub use self::registration::Registration;
pub use self::schema::schema;
pub use self::secrets::Secrets;
pub use self::server::Server;
pub use self::syntax::{duration_of, show_duration};
pub use self::threepids::{Delegate, Threepids};
pub use self::url::HttpUrl;
pub use self::usage::Usage;
pub use self::webhook::Webhook;

use self::findings::Findings;
use self::section::Section;
use self::tree::Mapping;

/// Everything that the operator chose.
#[derive(Clone, Debug)]
pub struct Config {
    /// Who the server is and where clients reach it.
    pub server: Server,
    /// Where it listens; never empty.
    pub listeners: Vec<Listener>,
    /// Which database holds the accounts, and how to use it.
    pub database: registrar_storage_diesel::Options,
    /// Who may register, and by which flows.
    pub registration: Registration,
    /// How long tokens live.
    pub lifetimes: TokenLifetimes,
    /// `ui_auth.session_timeout`.
    pub ui_auth_session_timeout: Duration,
    /// How fast clients may act.
    pub rates: Rates,
    /// Passwords.
    pub passwords: Passwords,
    /// The captcha at registration.
    pub captcha: Captcha,
    /// The policy that users agree to.
    pub consent: Option<Consent>,
    /// The mail server.
    pub email: Option<Email>,
    /// Email addresses and phone numbers.
    pub threepids: Threepids,
    /// What it takes to validate them.
    pub validation: ValidationPolicy,
    /// A service that has a say in registrations.
    pub webhook: Option<Webhook>,
    /// The proxies that other servers are reached through.
    pub proxies: Proxies,
    /// Application services.
    pub app_services: AppServices,
    /// Limits on the use of the whole server.
    pub usage: Usage,
    /// What accounts may be, and who sees them.
    pub accounts: AccountPolicy,
    /// `templates.custom_template_directory`.
    pub template_dir: Option<PathBuf>,
    /// Secrets of no other section.
    pub secrets: Secrets,
    /// Password hashes.
    pub hashing: Hashing,
    /// Whose `X-Forwarded-For` is believed; empty: everybody's who can connect.
    pub trusted_proxies: Vec<Network>,
    /// Limits on requests and connections.
    pub http: Http,
    /// Logs.
    pub log: Log,
    /// Where `registrar admin` reaches the running server.
    pub console: Console,
    /// `registrar.core_dumps`: may a crash leave one?
    pub core_dumps: bool,
}

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
    let findings = RefCell::default();
    let merged = sources::read_files(paths, &findings);
    interpret(merged, environment, findings)
}

/// Reads a configuration that is not in a file; `name` stands for it in messages.
pub fn load_text(
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

    /// Things worth a look, for the log at start: first what decides who gets in and is not obeyed.
    pub fn warnings(&self) -> impl Iterator<Item = &Finding> {
        let Findings {
            not_obeyed,
            warnings,
            ..
        } = &self.findings;
        not_obeyed.iter().chain(warnings)
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
    pub fn terms_url(&self) -> String {
        let version = self.consent.as_ref().map(|consent| &*consent.version);
        let version = version.map_or(String::new(), |version| format!("?v={version}"));
        format!("{}_matrix/consent{version}", self.server.public_baseurl)
    }
}
