//! `registrar`: the options for which `homeserver.yaml` has no word.

use std::num::NonZeroUsize;
use std::time::Duration;

use registrar_domain::model::password::argon2id::Cost;
use tracing_subscriber::EnvFilter;

use super::console::{self, Console};
use super::key::{Key, Kind};
use super::section::Section;
use super::{captcha, database, email, rates, threepids, validation, webhook};

mod network;

pub use network::Network;

pub(super) const KEYS: &[Key] = &[Key::new(
    "registrar",
    Kind::Section(REGISTRAR),
    "Options of this server alone. Here an unknown key is a mistake.",
)];

const REGISTRAR: &[Key] = &[
    Key::new(
        "database",
        Kind::Text,
        "The database as a URL: `sqlite:<path>`, or \
         `postgres://<user>@<host>:<port>/<database>?sslmode=<mode>`. Wins over `database`.",
    ),
    Key::new(
        "database_password",
        Kind::Secret,
        "The password for that URL, if it is not inside.",
    ),
    Key::new(
        "database_pool",
        Kind::Section(database::POOL),
        "Connections to the database.",
    ),
    Key::new(
        "hashing",
        Kind::Section(HASHING),
        "Password hashes: argon2id.",
    ),
    Key::new(
        "rates",
        Kind::Section(rates::OWN_KEYS),
        "How fast all clients together may act, beside the `rc_*` options.",
    ),
    Key::new(
        "trusted_proxies",
        Kind::Texts,
        "Networks (`10.0.0.0/8`) or addresses of proxies whose `X-Forwarded-For` is \
         believed on listeners with `x_forwarded`. Empty: whoever can connect there is \
         believed.",
    )
    .or("[]"),
    Key::new(
        "http",
        Kind::Section(HTTP),
        "Limits on requests and connections.",
    ),
    Key::new("log", Kind::Section(LOG), "Logs."),
    Key::new(
        "console",
        Kind::Section(console::KEYS),
        "How `registrar admin` reaches the running server.",
    ),
    Key::new(
        "core_dumps",
        Kind::Flag,
        "May a crash leave a core dump, and may debuggers of the same user look into the process? \
         Passwords and secrets can be found there.",
    )
    .or("false"),
    Key::new(
        "captcha",
        Kind::Section(captcha::OWN_KEYS),
        "The captcha at registration.",
    ),
    Key::new(
        "email",
        Kind::Section(email::OWN_KEYS),
        "How the mail server is spoken to, beyond what `email` says.",
    ),
    Key::new(
        "identity_servers",
        Kind::Section(threepids::OWN_KEYS),
        "The servers of `account_threepid_delegates`.",
    ),
    Key::new(
        "validation",
        Kind::Section(validation::KEYS),
        "The validation of email addresses and phone numbers.",
    ),
    Key::new(
        "webhook",
        Kind::Section(webhook::KEYS),
        "A service of yours that has a say in registrations; see `docs/WEBHOOK.md`.",
    ),
];

const HASHING: &[Key] = &[
    Key::new(
        "memory_kib",
        Kind::Integer(8, 4_194_304),
        "Memory for one hash, in KiB.",
    )
    .or("19456"),
    Key::new("passes", Kind::Integer(1, 1000), "Passes over that memory.").or("2"),
    Key::new("lanes", Kind::Integer(1, 255), "Lanes of that memory.").or("1"),
    Key::new(
        "threads",
        Kind::Integer(1, 1024),
        "Hashes that are computed at the same time, each with its own memory. Default: one \
         a processor core.",
    ),
    Key::new(
        "queue",
        Kind::Integer(1, 1_000_000),
        "Hashes that may wait, half of them for one client; beyond that, clients get 429, the \
         greediest first. Default: about two seconds of work.",
    ),
    Key::new(
        "max_memory_kib",
        Kind::Integer(8, 4_194_304),
        "The most memory for one imported hash, in KiB; those that need more cannot be verified.",
    )
    .or("65536"),
];

const HTTP: &[Key] = &[
    Key::new(
        "request_timeout",
        Kind::Duration,
        "From the end of a request's headers to the beginning of the answer.",
    )
    .or("30s"),
    Key::new(
        "header_timeout",
        Kind::Duration,
        "For sending the headers of a request.",
    )
    .or("10s"),
    Key::new(
        "idle_timeout",
        Kind::Duration,
        "How long a connection may stay without a request.",
    )
    .or("60s"),
    Key::new(
        "body_limit",
        Kind::Size,
        "The largest body of a request; larger ones get 413.",
    )
    .or("1M"),
    Key::new(
        "body_memory",
        Kind::Size,
        "Memory for the bodies of all requests together. One client may use a quarter. When it is \
         used up, the oldest body on its way of the client that uses most is given up with 503.",
    )
    .or("64M"),
    Key::new(
        "max_requests",
        Kind::Integer(1, 1_000_000),
        "Requests in progress at the same time, over all listeners; those beyond get 503. A \
         request is in progress once its body is there. Probes (`/health`, metrics) have room of \
         their own.",
    )
    .or("1024"),
    Key::new(
        "max_requests_per_address",
        Kind::Integer(1, 1_000_000),
        "Those of one client: an IPv4 address, or an IPv6 /64. Default: a quarter of \
         `max_requests`.",
    ),
    Key::new(
        "max_connections",
        Kind::Integer(1, 1_000_000),
        "Connections at the same time, over all listeners. Beyond that, those that rest or stall \
         are closed for new ones, first those of the address that has most. Listeners for metrics \
         or `/health` alone have 64 of their own.",
    )
    .or("1000"),
    Key::new(
        "max_connections_per_address",
        Kind::Integer(1, 1_000_000),
        "Those of one IPv4 address or IPv6 /64. Default: a quarter of `max_connections`. Does not \
         hold for trusted proxies (without `trusted_proxies`: for private addresses on listeners \
         with `x_forwarded`) and Unix sockets.",
    ),
    Key::new(
        "max_streams_per_address",
        Kind::Integer(1, 1_000_000),
        "HTTP/2 requests of one address at the same time, over all its connections, answers that \
         it does not take included. Default: a quarter of `max_requests`.",
    ),
    Key::new(
        "shutdown_grace",
        Kind::Duration,
        "How long running requests may go on after the server was told to stop.",
    )
    .or("10s"),
];

const LOG: &[Key] = &[
    Key::new(
        "format",
        Kind::Choice(&["auto", "human", "json"]),
        "For people or for machines; `auto` is for people on a terminal.",
    )
    .or("auto"),
    Key::new(
        "filter",
        Kind::Text,
        "What is logged, such as `info` or `warn,registrar_domain=debug`.",
    )
    .or("info"),
];

/// What the section `registrar` says, apart from the database.
#[derive(Clone, Debug)]
pub(crate) struct Own {
    /// `hashing`.
    pub(crate) hashing: Hashing,
    /// `trusted_proxies`; empty: every peer is believed.
    pub(crate) trusted_proxies: Vec<Network>,
    /// `http`.
    pub(crate) http: Http,
    /// `log`.
    pub(crate) log: Log,
    /// `console`.
    pub(crate) console: Console,
    /// `core_dumps`.
    pub(crate) core_dumps: bool,
}

/// `registrar.hashing`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hashing {
    /// `memory_kib`, `passes`, `lanes`; a cost that argon2 defines.
    pub cost: Cost,
    /// `threads`; `None`: one a processor core.
    pub threads: Option<NonZeroUsize>,
    /// `queue`; `None`: in proportion to the threads.
    pub queue: Option<NonZeroUsize>,
    /// `max_memory_kib`, not less than the cost's own memory.
    pub max_memory_kib: u32,
}

/// `registrar.http`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Http {
    /// `request_timeout`.
    pub request_timeout: Duration,
    /// `header_timeout`.
    pub header_timeout: Duration,
    /// `idle_timeout`.
    pub idle_timeout: Duration,
    /// `body_limit`, in bytes.
    pub body_limit_bytes: usize,
    /// `body_memory`, in bytes; enough for one body.
    pub body_memory_bytes: usize,
    /// `max_requests`.
    pub max_requests: usize,
    /// `max_requests_per_address`.
    pub max_requests_per_address: usize,
    /// `max_connections`.
    pub max_connections: usize,
    /// `max_connections_per_address`.
    pub max_connections_per_address: usize,
    /// `max_streams_per_address`.
    pub max_streams_per_address: usize,
    /// `shutdown_grace`.
    pub shutdown_grace: Duration,
}

/// `registrar.log`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// `format`.
    pub format: LogFormat,
    /// `filter`, in the language of tracing's `EnvFilter`.
    pub filter: String,
}

/// Who reads the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// People on a terminal, machines elsewhere.
    Auto,
    /// People.
    Human,
    /// Machines.
    Json,
}

impl Own {
    /// Reads the opened section `registrar`.
    pub(super) fn read(section: &Section<'_>) -> Self {
        Self {
            hashing: Hashing::read(&section.section("hashing")),
            trusted_proxies: read_trusted_proxies(section),
            http: Http::read(&section.section("http")),
            log: Log::read(&section.section("log")),
            console: Console::read(&section.section("console")),
            core_dumps: section.flag("core_dumps"),
        }
    }
}

fn read_trusted_proxies(section: &Section<'_>) -> Vec<Network> {
    let texts = section.texts("trusted_proxies");
    texts
        .iter()
        .filter_map(|text| section.accept("trusted_proxies", Network::parse(text)))
        .collect()
}

impl Hashing {
    fn read(section: &Section<'_>) -> Self {
        let hashing = Self {
            cost: Cost {
                memory_kib: section.integer("memory_kib"),
                passes: section.integer("passes"),
                lanes: section.integer("lanes"),
            },
            threads: section
                .integer_if_given("threads")
                .and_then(NonZeroUsize::new),
            queue: section
                .integer_if_given("queue")
                .and_then(NonZeroUsize::new),
            max_memory_kib: section.integer("max_memory_kib"),
        };
        section.accept("memory_kib", hashing.cost.check());
        if hashing.max_memory_kib < hashing.cost.memory_kib {
            let needed = hashing.cost.memory_kib;
            section.mistake(
                "max_memory_kib",
                format!("is less than the {needed} KiB of `memory_kib`"),
            );
        }
        hashing
    }
}

impl Http {
    fn read(section: &Section<'_>) -> Self {
        let size = |name| usize::try_from(section.size(name)).unwrap_or(usize::MAX);
        let max_requests: usize = section.integer("max_requests");
        let max_connections: usize = section.integer("max_connections");
        // One client alone must not use up everything, and many behind one address have enough.
        let share = |name, all: usize| {
            let share: Option<usize> = section.integer_if_given(name);
            share.unwrap_or_else(|| all.div_ceil(4))
        };
        let http = Self {
            request_timeout: section.positive_duration("request_timeout"),
            header_timeout: section.positive_duration("header_timeout"),
            idle_timeout: section.positive_duration("idle_timeout"),
            body_limit_bytes: size("body_limit"),
            body_memory_bytes: size("body_memory"),
            max_requests,
            max_requests_per_address: share("max_requests_per_address", max_requests),
            max_connections,
            max_connections_per_address: share("max_connections_per_address", max_connections),
            max_streams_per_address: share("max_streams_per_address", max_requests),
            shutdown_grace: section.duration("shutdown_grace"),
        };
        if http.body_memory_bytes < http.body_limit_bytes {
            section.mistake("body_memory", "is less than one body of `body_limit`");
        }
        http
    }
}

impl Log {
    fn read(section: &Section<'_>) -> Self {
        let format = match section.choice("format").as_deref() {
            Some("human") => LogFormat::Human,
            Some("json") => LogFormat::Json,
            _ => LogFormat::Auto,
        };
        Self {
            format,
            filter: read_filter(section),
        }
    }
}

fn read_filter(section: &Section<'_>) -> String {
    let filter = section.text_or_default("filter");
    section.accept(
        "filter",
        EnvFilter::try_new(&filter)
            .map_err(|_| "expected a log filter such as `info` or `warn,registrar=debug`"),
    );
    filter
}
