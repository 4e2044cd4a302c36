//! All sections together.

use std::path::PathBuf;
use std::time::Duration;

use registrar_captcha::Provider;
use registrar_domain::model::appservice::AppServices;
use registrar_domain::model::policy::{
    ConsentPolicy, Policy, RegistrationPolicy, ThreepidPolicy, ValidationPolicy,
};
use registrar_domain::model::uia::Stage;
use registrar_http_client::Proxies;
use registrar_http_hyper::PageOptions;
use registrar_http_hyper::pages::{CaptchaProvider, ConsentOptions, PageNames};

use super::captcha::Captcha;
use super::consent::Consent;
use super::console::Console;
use super::email::{self, Email};
use super::http::Http;
use super::keys::Keys as _;
use super::listeners::{self, Listener};
use super::log::Log;
use super::own::{self, OwnGroup, OwnKeys};
use super::proxies::Outgoing;
use super::registration::{self, Registration};
use super::secrets::{self, SecretKeys};
use super::section::Section;
use super::server::Server;
use super::threepids::Threepids;
use super::{
    accounts, app_services, database, gates, hashing, lifetimes, password, rates, rooms, templates,
    usage, validation, webhook,
};

/// Everything that the operator chose: for the use-cases a policy, for each adapter its options.
///
/// The options lack what a file cannot say: the certificates that the machine trusts, who counts,
/// and who knows how the server is.
#[derive(Clone, Debug)]
pub struct Config {
    /// What the use-cases want to know.
    pub policy: Policy,
    /// Where the server listens, and what it serves there; never empty.
    pub listeners: Vec<Listener>,
    /// How clients are served.
    pub http: Http,
    /// The web pages.
    pub pages: PageOptions,
    /// `enable_metrics`.
    pub metrics: bool,
    /// Which database holds the accounts, and how to use it.
    pub database: registrar_storage_diesel::Options,
    /// Who validates email addresses.
    pub email: EmailValidation,
    /// The identity server that validates phone numbers.
    pub msisdn: Option<registrar_identity_client::Options>,
    /// Who verifies captchas; nobody without a private key.
    pub captcha: Option<registrar_captcha::Options>,
    /// A service that has a say in registrations.
    pub webhook: Option<registrar_webhook::Options>,
    /// The proxies that other servers are reached through.
    pub proxies: Proxies,
    /// How passwords are hashed.
    pub hashing: registrar_runtime::HashingOptions,
    /// Logs.
    pub log: Log,
    /// Where `registrar admin` reaches the running server.
    pub console: Console,
    /// `registrar.core_dumps`: may a crash leave one?
    pub core_dumps: bool,
}

/// Who validates email addresses.
#[derive(Clone, Debug)]
pub enum EmailValidation {
    /// Nobody.
    Off,
    /// This server, by mails.
    ByMail(Box<registrar_mail::Options>),
    /// An identity server.
    Delegated(registrar_identity_client::Options),
}

impl Config {
    /// Reads every section, whatever is wrong with another. `None` only after a reported mistake.
    pub(crate) fn read(root: &Section<'_>, environment: &[(String, String)]) -> Option<Self> {
        let own = OwnGroup::read(root).registrar;
        let server = Server::read(root);
        let trusted_proxies = own::read_trusted_proxies(&own.trusted_proxies);
        let listeners = listeners::read(root, server.as_ref(), &trusted_proxies);
        let database = database::read(root, &own, environment);
        let outgoing = Outgoing::read(root, environment, *own.http.request_timeout);
        let entrance = Entrance::read(root, &own, server.as_ref(), &listeners, &outgoing);
        let (password, pepper) = password::read(root);
        let (lifetimes, ui_auth_session_timeout) = lifetimes::read(root);
        let appservices = app_services::read(root);
        let (usage, accounts) = (usage::read(root), accounts::read(root));
        let rates = rates::read(root, &own.rates);
        let server_name = server.as_ref().map(|server| &server.name);
        let webhook = webhook::read(&own.webhook, server_name, &outgoing);
        let hashing = hashing::read(&own.hashing, pepper);
        let (log, console) = (Log::read(&own.log), Console::read(&own.console));
        let http = Http::read(
            &own.http,
            server.as_ref().and_then(|it| it.well_known.clone()),
        );
        rooms::check(root);
        gates::check(root);
        let server = server?;
        Some(Self {
            policy: Policy {
                server_name: server.name.clone(),
                registration: entrance.registration_policy(&server, appservices),
                password,
                usage,
                accounts,
                threepids: entrance.threepid_policy(&server),
                lifetimes,
                rates,
                ui_auth_session_timeout,
            },
            listeners,
            http,
            pages: entrance.pages(&server),
            metrics: *server.metrics,
            database: database?,
            captcha: entrance.captcha.verification.clone(),
            msisdn: entrance.threepids.msisdn_delegate.clone(),
            email: entrance.email_validation(),
            webhook,
            proxies: outgoing.proxies,
            hashing,
            log,
            console,
            core_dumps: *own.core_dumps,
        })
    }
}

/// The sections that say how people get an account.
struct Entrance {
    secrets: SecretKeys,
    captcha: Captcha,
    consent: Option<Consent>,
    threepids: Threepids,
    email: Option<Email>,
    registration: Registration,
    validation: ValidationPolicy,
    /// `templates.custom_template_directory`.
    template_dir: Option<PathBuf>,
}

impl Entrance {
    fn read(
        root: &Section<'_>,
        own: &OwnKeys,
        server: Option<&Server>,
        listeners: &[Listener],
        outgoing: &Outgoing,
    ) -> Self {
        let secrets = secrets::read(root);
        let captcha = Captcha::read(root, &own.captcha, outgoing);
        let consent = Consent::read(root, listeners, &secrets);
        let threepids = Threepids::read(root, &own.identity_servers, outgoing);
        let template_dir = templates::read(root);
        let host = server.map(|server| server.public_baseurl.host());
        let surroundings = email::Surroundings {
            own: &own.email,
            server_name: server.map(|server| &server.name),
            public_host: host.as_deref().unwrap_or("localhost"),
            is_delegated: threepids.email_delegate.is_some(),
            deadline: outgoing.deadline,
            template_dir: template_dir.as_ref(),
        };
        let email = email::read(root, &surroundings);
        let stages = registration::Stages {
            email_enabled: email.is_some() || threepids.email_delegate.is_some(),
            msisdn_enabled: threepids.msisdn_delegate.is_some(),
            captcha: &captcha,
            consent: consent.as_ref(),
        };
        let registration = Registration::read(root, &stages);
        let validation = validation::read(&own.validation, &registration, &captcha);
        Self {
            secrets,
            captcha,
            consent,
            threepids,
            email,
            registration,
            validation,
            template_dir,
        }
    }

    /// The stages that may be attempted, whether a flow lists them or not.
    fn stages(&self) -> Vec<Stage> {
        let validates_email = self.email.is_some() || self.threepids.email_delegate.is_some();
        let stages = [
            (Stage::Dummy, true),
            (Stage::Email, validates_email),
            (Stage::Msisdn, self.threepids.msisdn_delegate.is_some()),
            (Stage::Recaptcha, self.captcha.verification.is_some()),
            (Stage::Terms, self.consent.is_some()),
            (Stage::RegistrationToken, self.registration.tokens_enabled),
        ];
        let enabled = stages.into_iter().filter(|(_, is_enabled)| *is_enabled);
        enabled.map(|(stage, _)| stage).collect()
    }

    fn registration_policy(&self, server: &Server, appservices: AppServices) -> RegistrationPolicy {
        let Registration {
            enabled,
            guests_allowed,
            inhibit_user_in_use_error,
            localparts,
            ..
        } = self.registration;
        let consent = self.consent.as_ref().map(|consent| ConsentPolicy {
            version: consent.version.clone(),
            name: consent.policy_name.clone(),
            url: self.terms_url(server),
            form_secret: self.secrets.form_secret.clone(),
        });
        RegistrationPolicy {
            enabled,
            guests_allowed,
            flows: self.registration.flows.clone(),
            stages: self.stages(),
            captcha_public_key: self.captcha.public_key.clone(),
            consent,
            appservices,
            shared_secret: self.secrets.registration_shared_secret.clone(),
            inhibit_user_in_use_error,
            localparts,
            server_notices_localpart: self.registration.server_notices_localpart.clone(),
        }
    }

    fn threepid_policy(&self, server: &Server) -> ThreepidPolicy {
        let email = self.email.as_ref();
        ThreepidPolicy {
            public_baseurl: server.public_baseurl.to_string(),
            // Without the section no mail is sent whose link could expire.
            validation_token_lifetime: email.map_or(Duration::ZERO, |email| email.link_lifetime),
            allowed: self.threepids.allowed.clone(),
            inhibit_errors: self.threepids.inhibit_errors,
            next_link_hosts: self.threepids.next_link_hosts.clone(),
            changes_allowed: self.threepids.changes_allowed,
            validation: self.validation.clone(),
        }
    }

    /// An identity server validates email addresses if there is one, else this server does if it can
    /// send mail.
    fn email_validation(&self) -> EmailValidation {
        if let Some(delegate) = &self.threepids.email_delegate {
            return EmailValidation::Delegated(delegate.clone());
        }
        let mails = self.email.as_ref().and_then(|email| email.mails.clone());
        mails.map_or(EmailValidation::Off, |mails| {
            EmailValidation::ByMail(Box::new(mails))
        })
    }

    fn pages(&self, server: &Server) -> PageOptions {
        let email = self.email.as_ref();
        let folders = [
            self.template_dir.as_ref(),
            email.and_then(|email| email.template_dir.as_ref()),
        ];
        PageOptions {
            server_name: server.name.clone(),
            template_directories: folders.into_iter().flatten().cloned().collect(),
            names: email.map_or_else(PageNames::default, |email| email.pages.clone()),
            captcha_provider: match self.captcha.provider {
                Provider::Recaptcha => CaptchaProvider::Recaptcha,
                Provider::Hcaptcha => CaptchaProvider::Hcaptcha,
                Provider::Turnstile => CaptchaProvider::Turnstile,
            },
            site_key: self.captcha.public_key.clone(),
            terms_url: self.terms_url(server),
            consent: self.consent.as_ref().map(|consent| ConsentOptions {
                template_directory: consent.template_dir.clone(),
                version: consent.version.clone(),
            }),
        }
    }

    /// Where the policy can be read; without one, where it would be.
    fn terms_url(&self, server: &Server) -> String {
        let version = self.consent.as_ref().map(|consent| &*consent.version);
        let version = version.map_or(String::new(), |version| format!("?v={version}"));
        format!("{}_matrix/consent{version}", server.public_baseurl)
    }
}
