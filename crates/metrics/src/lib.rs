#![doc = include_str!("../README.md")]
//!
//! # Where the numbers come from
//!
//! | from | what |
//! |---|---|
//! | the use-cases, as an [`Observer`] | registrations, logins, stages, limits, hashes (`events.rs`) |
//! | decorators around ports | the database, mail, identity servers, captchas (`database.rs`, `mail.rs`, `outgoing.rs`) |
//! | the HTTP front | requests and answers (`http.rs`) |
//! | numbers kept elsewhere, read when they are rendered | pools, queues, the log, the process (`reading.rs`, `process.rs`) |
//!
//! See `docs/BEHAVIOR.md` §11.1.

mod database;
mod events;
mod family;
mod http;
mod mail;
mod outgoing;
#[cfg(target_os = "linux")]
mod process;
mod reading;
mod stopwatch;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use prometheus::{Registry, TextEncoder};
use registrar_domain::ports::observer::Event;
use registrar_domain::ports::{CaptchaVerifier, EmailValidation, IdentityServer, Observer, Ports};

pub use family::{Entry, Kind};
pub use http::HttpMetrics;
pub use reading::{Level, Pool, Reading};

use database::{DatabaseMetrics, ObservedStore};
use events::EventMetrics;
use family::Families;
use mail::{MailMetrics, ObservedMailer};
use outgoing::{ObservedCaptcha, ObservedIdentityServer, OutgoingMetrics};
use reading::{Readings, Sampler};

/// The media type of [`Metrics::render`].
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The configuration of the metrics.
#[derive(Clone, Debug)]
pub struct Options {
    /// The server name, which is a label of every metric but those of the process.
    pub server_name: String,
    /// The version of the server.
    pub version: String,
    /// The names of the endpoints. Requests for anything else count as unrecognized.
    pub servlets: Vec<&'static str>,
}

/// All metrics of one server. Share it in an `Arc`.
pub struct Metrics {
    registry: Registry,
    catalog: Vec<Entry>,
    events: EventMetrics,
    http: HttpMetrics,
    database: DatabaseMetrics,
    mail: MailMetrics,
    outgoing: OutgoingMetrics,
    readings: Readings,
    samplers: Mutex<Vec<Sampler>>,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl Metrics {
    /// All metrics, at zero.
    pub fn new(options: Options) -> Self {
        let mut families = Families::new(&options.server_name);
        families
            .gauges(
                "registrar_build_info",
                "The version that runs; always 1.",
                &["version"],
            )
            .with_label_values(&[&options.version])
            .set(1);
        let events = EventMetrics::new(&mut families);
        let http = HttpMetrics::new(&mut families, options.servlets);
        let database = DatabaseMetrics::new(&mut families);
        let mail = MailMetrics::new(&mut families);
        let outgoing = OutgoingMetrics::new(&mut families);
        let readings = Readings::new(&mut families);
        #[cfg(target_os = "linux")]
        let samplers: Vec<Sampler> = vec![process::sampler(&mut families)];
        #[cfg(not(target_os = "linux"))]
        let samplers: Vec<Sampler> = Vec::new();
        let (registry, catalog) = families.into_parts();
        Self {
            registry,
            catalog,
            events,
            http,
            database,
            mail,
            outgoing,
            readings,
            samplers: Mutex::new(samplers),
        }
    }

    /// All metrics in the text format of Prometheus, version 0.0.4 ([`CONTENT_TYPE`]).
    pub fn render(&self) -> String {
        for sampler in &*self.samplers() {
            sampler();
        }
        TextEncoder::new()
            .encode_to_string(&self.registry.gather())
            .expect("families without metrics, the only ones that do not encode, are not gathered")
    }

    /// The families of metrics.
    pub fn catalog(&self) -> &[Entry] {
        &self.catalog
    }

    /// The metrics of HTTP requests.
    pub fn http(&self) -> &HttpMetrics {
        &self.http
    }

    /// Wraps ports so that calls are counted and timed.
    pub fn watch(&self, ports: Ports) -> Ports {
        Ports {
            store: Arc::new(ObservedStore::new(ports.store, self.database.clone())),
            email: match ports.email {
                EmailValidation::Off => EmailValidation::Off,
                EmailValidation::Local(mailer) => {
                    EmailValidation::Local(Arc::new(ObservedMailer::new(mailer, self.mail.clone())))
                }
                EmailValidation::Delegated(server) => {
                    EmailValidation::Delegated(self.identity_server(server))
                }
            },
            msisdn: ports.msisdn.map(|server| self.identity_server(server)),
            captcha: ports.captcha.map(|captcha| -> Arc<dyn CaptchaVerifier> {
                Arc::new(ObservedCaptcha::new(captcha, self.outgoing.clone()))
            }),
            ..ports
        }
    }

    fn identity_server(&self, server: Arc<dyn IdentityServer>) -> Arc<dyn IdentityServer> {
        Arc::new(ObservedIdentityServer::new(server, self.outgoing.clone()))
    }

    /// Shows a number that something else keeps. It is read whenever the metrics are rendered; `None`
    /// leaves it as it was.
    pub fn show(&self, reading: Reading, read: impl Fn() -> Option<u64> + Send + 'static) {
        let sampler = self.readings.sampler(reading, read);
        self.samplers().push(sampler);
    }

    fn samplers(&self) -> std::sync::MutexGuard<'_, Vec<Sampler>> {
        self.samplers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for Metrics {
    fn observe(&self, event: &Event) {
        self.events.observe(event);
    }
}
