//! What follows from the options together.

use std::fmt::Display;

use registrar_captcha as captcha;
use registrar_domain::model::policy::Policy;
use registrar_domain::model::secret::Secret;
use registrar_http_client::Proxy;
use registrar_http_hyper::Forwarding;
use registrar_identity_client::{Api, Options as IdentityServer};
use registrar_mail::options::{Encryption, Smtp};
use registrar_storage_diesel::{Backend, PostgresOptions};

use super::super::console::check_socket_path;
use super::super::listeners::name_of;
use super::super::types::Choice as _;
use super::super::{Config, EmailValidation, ListenAddress, Listener, show_duration};
use super::Report;

/// Writes what the options mean together.
pub(super) fn describe(report: &mut Report, config: &Config) {
    let policy = &config.policy;
    report.title("In effect");
    report.row("server name", &policy.server_name);
    report.row("reached at", &policy.threepids.public_baseurl);
    let well_known = config.http.options.well_known_client.is_some();
    report.row(
        "well-known document",
        if well_known { "served" } else { "not served" },
    );
    for it in &config.listeners {
        report.row("listens on", listener(it));
    }
    report.row("database", database(&config.database.backend));
    report.row("database connections", connections(config));
    report.row("console socket", console(config));
    registration(report, policy);
    verification(report, config);
    other_servers(report, config);
    limits(report, config);
}

fn listener(listener: &Listener) -> String {
    let place = match &listener.address {
        ListenAddress::Tcp(addresses) => join(addresses, ", "),
        ListenAddress::Unix { path, mode } => format!("{} (mode {mode:04o})", path.display()),
    };
    let options = &listener.options;
    let resources = join(options.resources.iter().copied().map(name_of), ", ");
    let forwarded = match options.forwarding {
        Forwarding::Ignored => "",
        Forwarding::FromAnyone => ", `X-Forwarded-For` is trusted from any address",
        Forwarding::FromProxies(_) => ", `X-Forwarded-For` is trusted from trusted proxies",
    };
    let request_id = options.request_id_header.as_ref();
    let request_id = request_id
        .map(|name| format!(", request ID from {name}"))
        .unwrap_or_default();
    format!("{place}: {resources}{forwarded}{request_id}")
}

fn database(backend: &Backend) -> String {
    let postgres = match backend {
        Backend::Sqlite { path } => return format!("SQLite file {}", path.display()),
        Backend::Postgres(postgres) => postgres,
    };
    let or = |option: &Option<String>, absent: &str| option.as_deref().unwrap_or(absent).to_owned();
    let root = postgres.sslrootcert.as_ref();
    let root = root.map_or("of the system".into(), |path| path.display().to_string());
    format!(
        "PostgreSQL database {} at {}, port {}, as {}, password {}, sslmode {}, authorities {root}",
        or(&postgres.dbname, "named like the user"),
        list(&postgres.hosts, PostgresOptions::DEFAULT_HOST),
        list(&postgres.ports, "5432"),
        or(&postgres.user, "the user who runs this server"),
        if postgres.password.is_some() {
            "given"
        } else {
            "not given"
        },
        postgres.sslmode.word(),
    )
}

fn connections(config: &Config) -> String {
    let pool = &config.database.pool;
    let writers = match &config.database.backend {
        Backend::Sqlite { .. } => 1,
        Backend::Postgres(_) => pool.writers,
    };
    format!("{} to read, {writers} to write", pool.readers)
}

/// Where `registrar admin` reaches the running server.
fn console(config: &Config) -> String {
    match config.console_socket() {
        None if config.console.enabled => "not needed with PostgreSQL".to_owned(),
        None => "off".to_owned(),
        Some(path) => match check_socket_path(&path) {
            Ok(()) => path.display().to_string(),
            Err(error) => format!("none: {error}"),
        },
    }
}

fn registration(report: &mut Report, policy: &Policy) {
    let registration = &policy.registration;
    let open = if registration.enabled {
        "open"
    } else {
        "closed"
    };
    report.row("registration", open);
    for flow in &registration.flows {
        report.row("  flow", join(flow.stages(), " → "));
    }
    let refreshable = policy.lifetimes.refreshable_access;
    report.row(
        "refresh tokens",
        if refreshable.is_some() { "on" } else { "off" },
    );
    if let Some(disabled) = &policy.usage.disabled {
        report.row("service", format!("switched off: {}", disabled.message));
    }
}

fn verification(report: &mut Report, config: &Config) {
    match &config.email {
        EmailValidation::Off => report.row("email addresses", "cannot be validated"),
        EmailValidation::Delegated(server) => report.row("email addresses", delegate(server)),
        EmailValidation::ByMail(mails) => {
            report.row("email addresses", "validated by mails of this server");
            report.row("  mail server", mail_server(&mails.smtp));
        }
    }
    let msisdn = config.msisdn.as_ref();
    let msisdn = msisdn.map_or("cannot be validated".to_owned(), delegate);
    report.row("phone numbers", msisdn);
    let validation = &config.policy.threepids.validation;
    let stages = &validation.required_stages;
    report.row("stages before a message", list(stages, "none"));
    let captcha = config.captcha.as_ref();
    let captcha = captcha.map(|captcha::Options { verify_url, .. }| verify_url);
    report.row("captchas verified at", list(captcha, "off"));
}

fn delegate(server: &IdentityServer) -> String {
    let with = match server.api {
        Api::V1 => "without",
        Api::V2 { .. } => "with",
    };
    format!("validated by {}, {with} an access token", server.base_url)
}

fn mail_server(smtp: &Smtp) -> String {
    let encryption = match smtp.encryption {
        Encryption::Off => "without TLS",
        Encryption::IfOffered => "STARTTLS if offered",
        Encryption::Required => "STARTTLS",
        Encryption::Implicit => "TLS",
    };
    let user = smtp.credentials.as_ref().map(|login| &login.user);
    format!(
        "{}:{}, {encryption}, {}, EHLO name {}",
        smtp.host,
        smtp.port,
        user.map_or("no login".to_owned(), |user| format!("login as {user}")),
        list(&smtp.ehlo_name, "its address"),
    )
}

fn other_servers(report: &mut Report, config: &Config) {
    let webhook = config.webhook.as_ref().map(|webhook| {
        let questions = webhook.questions.iter().map(|question| question.name());
        format!("{} is asked {}", webhook.url, join(questions, ", "))
    });
    report.row("webhook", list(webhook, "none"));
    report.row("proxy for http", proxy(&config.proxies.http));
    report.row("proxy for https", proxy(&config.proxies.https));
    let exceptions = Some(&config.proxies.exceptions).filter(|text| !text.is_empty());
    report.row("  no proxy for", list(exceptions, "this machine"));
}

/// A proxy without its password.
fn proxy(url: &Option<Secret<String>>) -> String {
    match url.as_ref().map(|url| Proxy::parse(url.expose())) {
        None => "none".to_owned(),
        Some(Ok(proxy)) => proxy.to_string(),
        Some(Err(_)) => "given, but it cannot be used".to_owned(),
    }
}

fn limits(report: &mut Report, config: &Config) {
    let hashing = &config.hashing;
    let cost = &hashing.cost;
    report.row(
        "password hashes",
        format!(
            "argon2id, memory {} KiB, passes {}, lanes {}; {} at the same time, queue for {}",
            cost.memory_kib,
            cost.passes,
            cost.lanes,
            list(hashing.threads, "one per core"),
            list(hashing.queue_capacity, "two seconds of work"),
        ),
    );
    let (options, capacity) = (&config.http.options, &config.http.capacity);
    report.row(
        "limits of one address",
        format!(
            "{} requests, {} connections, {} HTTP/2 streams",
            options.max_requests_per_address,
            capacity.connections_per_address,
            capacity.streams_per_address,
        ),
    );
    let failed = config.policy.rates.failed_registration_tokens;
    report.row(
        "wrong registration tokens",
        format!(
            "{} per second, {} at once, all clients together",
            failed.per_second, failed.burst_count
        ),
    );
    let links = config.policy.threepids.validation_token_lifetime;
    if !links.is_zero() {
        report.row(
            "links in mails",
            format!("valid for {}", show_duration(links)),
        );
    }
}

fn join<T: Display>(items: impl IntoIterator<Item = T>, separator: &str) -> String {
    let items: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    items.join(separator)
}

fn list<T: Display>(items: impl IntoIterator<Item = T>, when_empty: &str) -> String {
    let text = join(items, ", ");
    if text.is_empty() {
        when_empty.to_owned()
    } else {
        text
    }
}
