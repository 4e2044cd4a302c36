//! What a configuration means, defaults included.

use registrar_domain::model::policy::{ConfirmLinks, ProfileReaders, ValidationPolicy};
use registrar_storage_diesel::Backend;
use registrar_webhook::OnFailure;

use super::super::console::check_socket_path;
use super::super::syntax::{show_duration, show_size};
use super::super::{Config, Email};
use super::{Report, show};

/// Writes everything that was understood.
pub(super) fn describe(report: &mut Report, config: &Config) {
    server(report, config);
    database(report, config);
    registration(report, config);
    verification(report, config);
    outside(report, config);
    lifetimes(report, config);
    rates(report, config);
    usage(report, config);
    accounts(report, config);
    resources(report, config);
}

fn accounts(report: &mut Report, config: &Config) {
    report.title("Accounts");
    report.row(
        "profiles are shown to",
        match config.accounts.profiles {
            ProfileReaders::Everybody => "everybody",
            ProfileReaders::Users => "users with an access token",
            ProfileReaders::Nobody => "their owners only",
        },
    );
    let user_types = &config.accounts.user_types;
    report.row("further user types", show::list(&user_types.extra, "none"));
    report.row(
        "type of new accounts",
        user_types.default.as_deref().unwrap_or("none"),
    );
}

fn server(report: &mut Report, config: &Config) {
    report.title("Server");
    report.row("server name", &config.server.name);
    report.row("reached at", &config.server.public_baseurl);
    let well_known = config.server.well_known.is_some();
    report.row(
        "well-known document",
        if well_known { "served" } else { "not served" },
    );
    for listener in &config.listeners {
        report.row("listens on", show::listener(listener));
    }
    report.row(
        "trusted proxies",
        show::list(&config.trusted_proxies, "whoever connects"),
    );
    report.row("metrics", show::yes_or_no(config.server.metrics));
    let secrets = &config.secrets;
    report.row(
        "registration_shared_secret",
        show::given(&secrets.registration_shared),
    );
    report.row("form_secret", show::given(&secrets.form));
    report.row("templates", show::path(&config.template_dir, "built in"));
}

fn database(report: &mut Report, config: &Config) {
    report.title("Database");
    report.row("place", show::database(&config.database.backend));
    let pool = &config.database.pool;
    let writers = match &config.database.backend {
        Backend::Sqlite { .. } => 1,
        Backend::Postgres(_) => pool.writers,
    };
    report.row(
        "connections",
        format!("{} to read, {writers} to write", pool.readers),
    );
    let timeouts = &config.database.timeouts;
    report.row("wait for a connection", show_duration(timeouts.acquire));
    report.row("wait for a statement", show_duration(timeouts.statement));
    report.row("console socket", console(config));
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

fn registration(report: &mut Report, config: &Config) {
    let registration = &config.registration;
    report.title("Registration");
    report.row(
        "registration",
        if registration.enabled {
            "open"
        } else {
            "closed"
        },
    );
    for flow in &registration.flows {
        report.row("  by the flow", show::flow(flow));
    }
    report.row(
        "guests",
        if registration.guests_allowed {
            "allowed"
        } else {
            "not allowed"
        },
    );
    report.row(
        "taken names are told",
        show::yes_or_no(!registration.inhibit_user_in_use_error),
    );
    let underscore = registration.localparts.allow_underscore_prefix;
    report.row(
        "names beginning with _",
        if underscore { "allowed" } else { "not allowed" },
    );
    report.row(
        "reserved name",
        show::list(&registration.server_notices_localpart, "none"),
    );
    report.row(
        "password login",
        show::yes_or_no(config.passwords.policy.login_enabled),
    );
    report.row(
        "passwords confirm",
        show::yes_or_no(config.passwords.policy.reauth_enabled),
    );
    let strength = config.passwords.policy.strength.is_some();
    report.row("rules for passwords", show::yes_or_no(strength));
    let ids = config
        .app_services
        .services
        .iter()
        .map(|service| &service.id);
    report.row("application services", show::list(ids, "none"));
}

fn validation(report: &mut Report, validation: &ValidationPolicy) {
    let confirmed_by = match validation.confirm_links {
        ConfirmLinks::Open => "opening the link",
        ConfirmLinks::Button => "a button behind the link",
    };
    report.row("addresses are confirmed by", confirmed_by);
    let stages = &validation.required_stages;
    report.row("stages before a message", show::list(stages, "none"));
    let login_required = validation.login_required || !stages.is_empty();
    report.row("login to add an address", show::yes_or_no(login_required));
    for (label, cap) in [
        ("mails an hour", validation.max_mails_per_hour),
        ("text messages an hour", validation.max_texts_per_hour),
    ] {
        report.row(label, show::list(cap, "no cap"));
    }
}

fn verification(report: &mut Report, config: &Config) {
    report.title("Verification");
    let threepids = &config.threepids;
    match (&threepids.email_delegate, &config.email) {
        (Some(delegate), _) => report.row("email addresses", show::delegate(delegate)),
        (None, Some(_)) => report.row("email addresses", "validated by mails of this server"),
        (None, None) => report.row("email addresses", "cannot be validated"),
    }
    if let Some(email) = &config.email {
        mails(report, email);
    }
    let delegate = threepids.msisdn_delegate.as_ref();
    let msisdn = delegate.map(show::delegate);
    report.row(
        "phone numbers",
        msisdn.as_deref().unwrap_or("cannot be validated"),
    );
    for allowed in &threepids.allowed {
        report.row(
            "  allowed",
            format!(
                "{} that matches {}",
                allowed.medium,
                allowed.pattern.as_str()
            ),
        );
    }
    report.row(
        "taken addresses are told",
        show::yes_or_no(!threepids.inhibit_errors),
    );
    let hosts = threepids.next_link_hosts.as_ref();
    let hosts = hosts.map(|hosts| show::list(hosts, "nowhere"));
    report.row("links lead on to", hosts.as_deref().unwrap_or("every host"));
    validation(report, &config.validation);
    let captcha = &config.captcha;
    report.row(
        "captcha required",
        show::yes_or_no(captcha.required_at_registration),
    );
    report.row("  provider", captcha.provider.name());
    report.row("  public key", show::list(&captcha.public_key, "not given"));
    report.row("  private key", show::given(&captcha.private_key));
    report.row("  verified at", show::list(&captcha.verify_url, "nowhere"));
    if let Some(consent) = &config.consent {
        report.row(
            "policy",
            format!("{}, version {}", consent.policy_name, consent.version),
        );
        report.row(
            "  required",
            show::yes_or_no(consent.required_at_registration),
        );
        report.row("  pages", consent.template_dir.display());
    }
}

fn outside(report: &mut Report, config: &Config) {
    report.title("Other servers");
    match &config.webhook {
        None => report.row("webhook", "none"),
        Some(webhook) => {
            report.row("webhook", &webhook.url);
            let questions = webhook.questions.iter().map(|question| question.name());
            report.row("  is asked", show::join(questions, ", "));
            let failure = match webhook.on_failure {
                OnFailure::Deny => "requests fail",
                OnFailure::Allow => "go on as if not asked",
            };
            let timeout = show_duration(webhook.timeout);
            report.row("  without an answer", format!("in {timeout}: {failure}"));
        }
    }
    report.row("proxy for http", show::proxy(&config.proxies.http));
    report.row("proxy for https", show::proxy(&config.proxies.https));
    let exceptions = Some(&config.proxies.exceptions).filter(|text| !text.is_empty());
    report.row("  no proxy for", show::list(exceptions, "this machine"));
}

fn mails(report: &mut Report, email: &Email) {
    let tls = show::mail_tls(email.tls);
    report.row("  server", format!("{}:{}, {tls}", email.host, email.port));
    report.row("  name in its certificate", &email.tls_name);
    let user = email.login.as_ref().map(|(user, _)| user);
    report.row("  logging in as", show::list(user, "nobody"));
    report.row(
        "  password without TLS",
        show::cleartext_login(email.cleartext_login),
    );
    report.row("  introduced as", &email.ehlo_name);
    if let Some(sender) = &email.sender {
        let name = show::list(&sender.name, "no name");
        report.row("  sender", format!("{} ({name})", sender.address));
    }
    report.row("  name of the service", &email.app_name);
    report.row(
        "  links live",
        show_duration(email.validation_token_lifetime),
    );
    let texts = &email.texts;
    let subjects = [
        &texts.validation_subject,
        &texts.password_reset_subject,
        &texts.already_in_use_subject,
    ];
    report.row("  subjects", show::join(subjects, "; "));
    let templates = [
        &texts.registration_html,
        &texts.registration_text,
        &texts.add_threepid_html,
        &texts.add_threepid_text,
        &texts.password_reset_html,
        &texts.password_reset_text,
        &texts.already_in_use_html,
        &texts.already_in_use_text,
    ];
    report.row("  templates", show::join(templates, ", "));
    let pages = &texts.pages;
    let pages = [
        &pages.registration_failure,
        &pages.registration_success,
        &pages.add_threepid_failure,
        &pages.add_threepid_success,
        &pages.password_reset_failure,
        &pages.password_reset_success,
    ];
    report.row("  pages", show::join(pages, ", "));
    if let Some(folder) = &texts.template_dir {
        report.row("  searched also in", folder.display());
    }
}

fn lifetimes(report: &mut Report, config: &Config) {
    let lifetimes = &config.lifetimes;
    report.title("Lifetimes");
    report.row("sessions", show::lifetime(lifetimes.session));
    let refreshable = lifetimes.refreshable_access.map(show_duration);
    let refreshable = refreshable.as_deref().unwrap_or("refresh tokens are off");
    report.row("refreshable access tokens", refreshable);
    report.row(
        "other access tokens",
        show::lifetime(lifetimes.nonrefreshable_access),
    );
    report.row("unused refresh tokens", show::lifetime(lifetimes.refresh));
    report.row(
        "proof of who one is",
        show_duration(config.ui_auth_session_timeout),
    );
}

fn rates(report: &mut Report, config: &Config) {
    let rates = &config.rates;
    report.title("Rates");
    for (name, rate) in [
        ("registrations", rates.registration),
        (
            "registration token checks",
            rates.registration_token_validity,
        ),
        (
            "wrong registration tokens, in total",
            rates.failed_registration_tokens,
        ),
        ("mails, text messages", rates.threepid_validation),
        ("logins per address", rates.login_address),
        ("logins per account", rates.login_account),
        ("failed logins", rates.login_failed_attempts),
    ] {
        report.row(name, show::rate(rate));
    }
}

fn usage(report: &mut Report, config: &Config) {
    let usage = &config.usage;
    report.title("Use");
    let disabled = usage.policy.disabled.as_ref();
    let state = disabled.map(|disabled| format!("switched off: {}", disabled.message));
    report.row("service", state.as_deref().unwrap_or("on"));
    report.row("contact", show::list(&usage.admin_contact, "not given"));
    if let Some(limit) = &usage.policy.monthly {
        report.row("users in a month", limit.max_users);
        let reserved = limit
            .reserved
            .iter()
            .map(|threepid| format!("{} {}", threepid.medium(), threepid.address()));
        report.row("  always let in", show::list(reserved, "nobody"));
        report.row("  trial", show_duration(limit.trial));
    }
}

fn resources(report: &mut Report, config: &Config) {
    report.title("Resources");
    let hashing = &config.hashing;
    let cost = &hashing.cost;
    report.row(
        "password hashes",
        format!(
            "argon2id, memory {} KiB, passes {}, lanes {}",
            cost.memory_kib, cost.passes, cost.lanes
        ),
    );
    report.row(
        "  at the same time",
        show::list(hashing.threads, "one a processor core"),
    );
    report.row(
        "  waiting",
        show::list(hashing.queue, "two seconds of work"),
    );
    report.row(
        "  imported ones",
        format!("up to {} KiB", hashing.max_memory_kib),
    );
    let http = &config.http;
    report.row("connections at most", http.max_connections);
    report.row("  of one address", http.max_connections_per_address);
    report.row("requests at a time", http.max_requests);
    report.row("  of one address", http.max_requests_per_address);
    report.row("  over HTTP/2", http.max_streams_per_address);
    report.row(
        "largest request body",
        show_size(http.body_limit_bytes as u64),
    );
    report.row(
        "memory for bodies",
        show_size(http.body_memory_bytes as u64),
    );
    report.row("time for headers", show_duration(http.header_timeout));
    report.row("time for a request", show_duration(http.request_timeout));
    report.row("idle connections", show_duration(http.idle_timeout));
    report.row(
        "time to finish at a stop",
        show_duration(http.shutdown_grace),
    );
    let log = &config.log;
    report.row(
        "log",
        format!("{}, {}", log.filter, show::log_format(log.format)),
    );
    let core_dumps = if config.core_dumps { "allowed" } else { "none" };
    report.row("core dumps", core_dumps);
}
