//! `listeners`: where this server listens, and what it serves there.

use std::collections::{BTreeSet, HashSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;

use super::key::{Key, Kind};
use super::own::Network;
use super::section::Section;

pub(super) const KEYS: &[Key] = &[Key::new(
    "listeners",
    Kind::List(&Kind::Section(LISTENER)),
    "Where this server listens. Without it: port 8008 of the loopback addresses, for clients.",
)];

const LISTENER: &[Key] = &[
    Key::new(
        "port",
        Kind::Integer(0, 65_535),
        "The TCP port; 0 lets the system choose.",
    ),
    Key::new(
        "bind_addresses",
        Kind::Texts,
        "The IP addresses to listen on. Default: all of them. `::` takes IPv4 clients too, unless an \
         IPv4 address with this port stands beside it. Where addresses of both families are \
         given, a family that the machine lacks is passed over with a warning.",
    ),
    Key::new(
        "bind_address",
        Kind::Text,
        "One more IP address to listen on.",
    ),
    Key::new(
        "path",
        Kind::Text,
        "The path of a Unix socket to listen on, instead of a port.",
    ),
    Key::new(
        "mode",
        Kind::Label,
        "Permissions of the Unix socket, in octal digits.",
    )
    .or("0666"),
    Key::new(
        "type",
        Kind::Choice(&["http", "metrics", "manhole"]),
        "What is spoken there. A `metrics` listener has the resource `metrics` only; \
         `manhole` is ignored.",
    )
    .or("http"),
    Key::new(
        "tls",
        Kind::Flag,
        "Must be false: the reverse proxy in front takes care of TLS.",
    )
    .or("false"),
    Key::new(
        "x_forwarded",
        Kind::Flag,
        "Take client addresses from `X-Forwarded-For` (see `registrar.trusted_proxies`). \
         Default: true for Unix sockets, else false.",
    ),
    Key::new(
        "request_id_header",
        Kind::Text,
        "Take the request ID of logs from this header.",
    ),
    Key::new(
        "resources",
        Kind::List(&Kind::Section(RESOURCE)),
        "What is served. Default: `[{names: [client]}]`.",
    ),
    Key::new(
        "additional_resources",
        Kind::Mapping,
        "For modules of a homeserver.",
    )
    .inert(),
    Key::new("tag", Kind::Text, "A name for logs of a homeserver.").inert(),
];

const RESOURCE: &[Key] = &[
    Key::new(
        "names",
        Kind::Texts,
        "Any of `client`, `consent`, `metrics`, `health`; those of a homeserver \
         (`federation`, `keys`, `media`, `openid`, `replication`, `static`) are ignored.",
    ),
    Key::new(
        "compress",
        Kind::Flag,
        "For a homeserver. Leave compression to the reverse proxy.",
    )
    .or("false")
    .inert(),
];

/// Resources that a homeserver has and this server has not.
const HOMESERVER_RESOURCES: [&str; 7] = [
    "federation",
    "keys",
    "media",
    "openid",
    "replication",
    "static",
    "webclient",
];

/// Something to listen on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener {
    /// Where.
    pub address: ListenAddress,
    /// What is served there; never empty.
    pub resources: BTreeSet<Resource>,
    /// `x_forwarded`: take client addresses from `X-Forwarded-For`.
    pub x_forwarded: bool,
    /// `request_id_header`: take request IDs from this header.
    pub request_id_header: Option<http::HeaderName>,
}

/// Where to listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListenAddress {
    /// TCP sockets; never empty. `[::]` takes IPv4 clients too unless an IPv4 address stands beside
    /// it.
    Tcp(Vec<SocketAddr>),
    /// A Unix socket and its permission bits.
    Unix {
        /// Where it lies.
        path: PathBuf,
        /// Its permission bits, at most `0o777`.
        mode: u32,
    },
}

/// What a listener can serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resource {
    /// The client-server API.
    Client,
    /// The consent page.
    Consent,
    /// Numbers for monitoring.
    Metrics,
    /// `/health`; every listener of type `http` has it.
    Health,
}

impl Resource {
    /// The name in `listeners[].resources[].names`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Consent => "consent",
            Self::Metrics => "metrics",
            Self::Health => "health",
        }
    }

    fn parse(name: &str) -> Option<Self> {
        [Self::Client, Self::Consent, Self::Metrics, Self::Health]
            .into_iter()
            .find(|resource| resource.name() == name)
    }
}

/// Reads all listeners; those with nothing to serve are left out.
pub(super) fn read(root: &Section<'_>) -> Vec<Listener> {
    let Some(sections) = root.sections("listeners") else {
        return vec![fallback()];
    };
    let mut taken = HashSet::new();
    let mut listeners = Vec::new();
    for section in &sections {
        let Some(listener) = Listener::read(section) else {
            continue;
        };
        if let ListenAddress::Tcp(addresses) = &listener.address {
            for address in addresses.iter().filter(|address| address.port() != 0) {
                if !taken.insert(*address) {
                    section.mistake("port", format!("{address} is listened on twice"));
                }
            }
        }
        listeners.push(listener);
    }
    let serves_clients = |listener: &Listener| listener.resources.contains(&Resource::Client);
    if !listeners.iter().any(serves_clients) {
        root.mistake("listeners", "none of them serves the resource `client`");
    }
    listeners
}

/// Without `enable_metrics` there are no numbers, and nothing to listen for where only they would be.
pub(super) fn leave_metrics_out(root: &Section<'_>, listeners: &mut Vec<Listener>) {
    let mut found = false;
    for listener in &mut *listeners {
        found |= listener.resources.remove(&Resource::Metrics);
    }
    listeners.retain(|listener| !listener.resources.is_empty());
    if found {
        root.warning(
            "enable_metrics",
            "is false, so the `metrics` of `listeners` are not served",
        );
    }
}

/// Warns where anybody can reach a listener that believes what `X-Forwarded-For` says.
pub(super) fn advise(root: &Section<'_>, listeners: &[Listener], trusted_proxies: &[Network]) {
    if !trusted_proxies.is_empty() {
        return;
    }
    let exposed = listeners
        .iter()
        .find_map(|listener| match &listener.address {
            ListenAddress::Tcp(addresses) if listener.x_forwarded => {
                addresses.iter().find(|address| is_public(address.ip()))
            }
            _ => None,
        });
    if let Some(address) = exposed {
        root.warning(
            "listeners",
            format!(
                "anybody who can connect to {address} can choose the address that limits count by, \
                 because `x_forwarded` is set there; list the reverse proxy in \
                 `registrar.trusted_proxies`, or bind to an address that only the proxy reaches, \
                 such as `127.0.0.1`"
            ),
        );
    }
}

/// Can strangers reach the address? The unspecified ones are all that the machine has.
fn is_public(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => {
            let carrier_grade = ip.octets()[0] == 100 && ip.octets()[1] & 0xc0 == 64;
            !(ip.is_loopback() || ip.is_private() || ip.is_link_local() || carrier_grade)
        }
        IpAddr::V6(ip) => !(ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local()),
    }
}

/// What stands for absent `listeners`.
fn fallback() -> Listener {
    let loopback: [IpAddr; 2] = [Ipv6Addr::LOCALHOST.into(), Ipv4Addr::LOCALHOST.into()];
    Listener {
        address: ListenAddress::Tcp(loopback.map(|ip| SocketAddr::new(ip, 8008)).to_vec()),
        resources: BTreeSet::from([Resource::Client, Resource::Health]),
        x_forwarded: false,
        request_id_header: None,
    }
}

impl Listener {
    /// `None` if this server has nothing to do there, or if the address is a mistake.
    fn read(section: &Section<'_>) -> Option<Self> {
        if section.flag("tls") {
            section.mistake(
                "tls",
                "this server speaks plain HTTP: terminate TLS in the reverse proxy, \
                 and write `tls: false`",
            );
        }
        let kind = section.choice("type");
        let resources = read_resources(section, kind.as_deref() == Some("metrics"));
        let address = read_address(section);
        let is_unix = matches!(address, Some(ListenAddress::Unix { .. }));
        let request_id_header = section.text("request_id_header").and_then(|name| {
            let parsed = name.parse::<http::HeaderName>();
            section.accept(
                "request_id_header",
                parsed.map_err(|_| "is not the name of a header"),
            )
        });
        let x_forwarded = section.flag_if_given("x_forwarded").unwrap_or(is_unix);
        if kind.as_deref() == Some("manhole") || resources.is_empty() {
            section.ignore("", "nothing that this server serves is listened for there");
            return None;
        }
        Some(Self {
            address: address?,
            resources,
            x_forwarded,
            request_id_header,
        })
    }
}

fn read_resources(section: &Section<'_>, metrics_only: bool) -> BTreeSet<Resource> {
    let written = section.sections("resources");
    if metrics_only {
        return BTreeSet::from([Resource::Metrics]);
    }
    let Some(written) = written else {
        return BTreeSet::from([Resource::Client, Resource::Health]);
    };
    let mut resources = BTreeSet::new();
    for group in written {
        group.flag("compress");
        for name in group.texts("names") {
            match Resource::parse(&name) {
                Some(resource) => drop(resources.insert(resource)),
                None if HOMESERVER_RESOURCES.contains(&name.as_str()) => {}
                None => group.mistake("names", format!("there is no resource `{name}`")),
            }
        }
    }
    if !resources.is_empty() {
        resources.insert(Resource::Health);
    }
    resources
}

fn read_address(section: &Section<'_>) -> Option<ListenAddress> {
    let port = section.integer_if_given::<u16>("port");
    let mut texts = section.texts("bind_addresses");
    texts.extend(section.text("bind_address"));
    let mode = section.label("mode").unwrap_or_default();
    let path = section.path("path");
    match (port, path) {
        (Some(_), Some(_)) => {
            section.mistake("path", "only one of `port` and `path` can be given");
            None
        }
        (None, Some(path)) => {
            let mode = section.accept("mode", parse_mode(&mode))?;
            Some(ListenAddress::Unix { path, mode })
        }
        (Some(port), None) => {
            if texts.is_empty() {
                texts.extend(["::".to_owned(), "0.0.0.0".to_owned()]);
            }
            let mut addresses = Vec::new();
            for text in &texts {
                match parse_bind_address(text) {
                    Some(ips) => addresses.extend(ips.iter().map(|ip| SocketAddr::new(*ip, port))),
                    None => section.mistake(
                        "bind_addresses",
                        format!("`{text}` is not an IP address such as `127.0.0.1` or `::1`"),
                    ),
                }
            }
            Some(ListenAddress::Tcp(addresses))
        }
        (None, None) if section.is_given("port") => None,
        (None, None) => {
            section.mistake("port", "a `port` or a `path` is required");
            None
        }
    }
}

/// An IP address, or `localhost` for the two of loopback; the empty text means all. An IPv4 address
/// that is written as an IPv6 one is an IPv4 address.
fn parse_bind_address(text: &str) -> Option<Vec<IpAddr>> {
    match text {
        "" => Some(vec![
            Ipv6Addr::UNSPECIFIED.into(),
            Ipv4Addr::UNSPECIFIED.into(),
        ]),
        "localhost" => Some(vec![Ipv6Addr::LOCALHOST.into(), Ipv4Addr::LOCALHOST.into()]),
        _ => {
            let ip = text.parse::<IpAddr>().ok()?;
            Some(vec![ip.to_canonical()])
        }
    }
}

/// Permission bits. YAML already reads an unquoted `0660` as octal and hands over `432`; a quoted
/// one arrives with its zero.
fn parse_mode(text: &str) -> Result<u32, String> {
    let octal = text
        .strip_prefix("0o")
        .or_else(|| text.strip_prefix('0').filter(|t| !t.is_empty()));
    let bits = match octal {
        Some(digits) => u32::from_str_radix(digits, 8),
        None => text.parse(),
    };
    bits.ok().filter(|bits| *bits <= 0o777).ok_or_else(|| {
        format!(
            "`{text}` is not a file mode: write it in octal digits with a leading zero, such as \
             `0660`"
        )
    })
}
