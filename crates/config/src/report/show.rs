//! Values as people read them.

use std::fmt::Display;
use std::path::Path;
use std::time::Duration;

use registrar_domain::model::limit::Rate;
use registrar_domain::model::secret::Secret;
use registrar_domain::model::uia::flow::Flow;
use registrar_http_client::Proxy;
use registrar_mail::options::CleartextLogin;
use registrar_storage_diesel::{Backend, PostgresOptions, SslMode};

use super::super::syntax::show_duration;
use super::super::{Delegate, ListenAddress, Listener, LogFormat, MailTls};

pub(super) fn yes_or_no(yes: bool) -> &'static str {
    if yes { "yes" } else { "no" }
}

/// Whether a secret is there; never the secret itself.
pub(super) fn given<T>(secret: &Option<T>) -> &'static str {
    if secret.is_some() {
        "given"
    } else {
        "not given"
    }
}

/// A proxy without its password.
pub(super) fn proxy(url: &Option<Secret<String>>) -> String {
    match url.as_ref().map(|url| Proxy::parse(url.expose())) {
        None => "none".to_owned(),
        Some(Ok(proxy)) => proxy.to_string(),
        Some(Err(_)) => "given, but it cannot be used".to_owned(),
    }
}

pub(super) fn lifetime(lifetime: Option<Duration>) -> String {
    lifetime.map_or_else(|| "without end".to_owned(), show_duration)
}

pub(super) fn path(path: &Option<impl AsRef<Path>>, absent: &str) -> String {
    match path {
        Some(path) => path.as_ref().display().to_string(),
        None => absent.to_owned(),
    }
}

pub(super) fn rate(rate: Rate) -> String {
    format!(
        "{} per second, {} at once",
        rate.per_second, rate.burst_count
    )
}

pub(super) fn flow(flow: &Flow) -> String {
    join(flow.stages(), " → ")
}

pub(super) fn join<T: Display>(items: impl IntoIterator<Item = T>, separator: &str) -> String {
    let items: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    items.join(separator)
}

pub(super) fn list<T: Display>(items: impl IntoIterator<Item = T>, when_empty: &str) -> String {
    let text = join(items, ", ");
    if text.is_empty() {
        when_empty.to_owned()
    } else {
        text
    }
}

pub(super) fn listener(listener: &Listener) -> String {
    let place = match &listener.address {
        ListenAddress::Tcp(addresses) => join(addresses, ", "),
        ListenAddress::Unix { path, mode } => format!("{} (mode {mode:04o})", path.display()),
    };
    let resources = join(
        listener.resources.iter().map(|resource| resource.name()),
        ", ",
    );
    let forwarded = if listener.x_forwarded {
        ", behind a proxy"
    } else {
        ""
    };
    let request_id = listener.request_id_header.as_ref();
    let request_id = request_id
        .map(|name| format!(", request ID from {name}"))
        .unwrap_or_default();
    format!("{place}: {resources}{forwarded}{request_id}")
}

pub(super) fn database(backend: &Backend) -> String {
    let postgres = match backend {
        Backend::Sqlite { path } => return format!("SQLite file {}", path.display()),
        Backend::Postgres(postgres) => postgres,
    };
    let text =
        |option: &Option<String>, absent: &str| option.as_deref().unwrap_or(absent).to_owned();
    format!(
        "PostgreSQL database {} at {}, port {}, as {}, password {}, sslmode {}, authorities {}",
        text(&postgres.dbname, "named like the user"),
        list(&postgres.hosts, PostgresOptions::DEFAULT_HOST),
        list(&postgres.ports, "5432"),
        text(&postgres.user, "the user who runs this server"),
        given(&postgres.password),
        ssl_mode(postgres.sslmode),
        path(&postgres.sslrootcert, "of the system"),
    )
}

fn ssl_mode(mode: SslMode) -> &'static str {
    match mode {
        SslMode::Disable => "disable",
        SslMode::Allow => "allow",
        SslMode::Prefer => "prefer",
        SslMode::Require => "require",
        SslMode::VerifyCa => "verify-ca",
        SslMode::VerifyFull => "verify-full",
    }
}

pub(super) fn mail_tls(tls: MailTls) -> &'static str {
    match tls {
        MailTls::Never => "without TLS",
        MailTls::Opportunistic => "STARTTLS if offered",
        MailTls::Required => "STARTTLS",
        MailTls::Immediate => "TLS",
    }
}

pub(super) fn cleartext_login(allowed: CleartextLogin) -> &'static str {
    match allowed {
        CleartextLogin::Nowhere => "sent nowhere",
        CleartextLogin::InPrivateNetworks => "sent in private networks only",
        CleartextLogin::Everywhere => "sent everywhere",
    }
}

pub(super) fn delegate(delegate: &Delegate) -> String {
    let version = if delegate.access_token.is_some() {
        "with an access token"
    } else {
        "without an access token"
    };
    format!("validated by {}, {version}", delegate.url)
}

pub(super) fn log_format(format: LogFormat) -> &'static str {
    match format {
        LogFormat::Auto => "for people on a terminal, else JSON",
        LogFormat::Human => "for people",
        LogFormat::Json => "JSON",
    }
}
