//! `listeners`: where this server listens, and what it serves there.

use std::collections::{BTreeSet, HashSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use http::HeaderName;
use registrar_http_hyper::{Forwarding, ListenerOptions, Resource};

use super::keys::{Keys as _, keys};
use super::network::Network;
use super::section::{Entry, Section};
use super::server::Server;
use super::tree::Mapping;
use super::types::{Checked, Choice, Inert, Int, Label, OneOf, Texts};

keys! {
    pub(crate) struct ListenersKeys {
        /// Where this server listens. Without it: port 8008 of the loopback addresses, for clients.
        listeners: Option<Vec<ListenerKeys>>,
    }
}

keys! {
    pub(crate) struct ListenerKeys {
        /// The TCP port; 0 lets the system choose.
        port: Option<Int<u16, 0, 65_535>>,
        /// The IP addresses to listen on. Default: all of them. `::` takes IPv4 clients too, unless an
        /// IPv4 address with this port stands beside it. Where addresses of both families are given, a
        /// family that the machine lacks is passed over with a warning.
        bind_addresses: Option<Texts>,
        /// One more IP address to listen on.
        bind_address: Option<String>,
        /// The path of a Unix socket to listen on, instead of a port.
        path: Option<PathBuf>,
        /// Permissions of the Unix socket, in octal digits.
        mode: Label = "0666",
        /// The kind of listener. A `metrics` listener has the resource `metrics` only; `manhole` is
        /// ignored.
        kind as "type": OneOf<ListenerKind> = "http",
        /// Must be false: TLS is terminated by the reverse proxy.
        tls: bool = "false",
        /// Take client addresses from `X-Forwarded-For` (see `registrar.trusted_proxies`). Default: true
        /// for Unix sockets, else false.
        x_forwarded: Option<bool>,
        /// Take the request ID of logs from this header.
        request_id_header: Option<HeaderName>,
        /// What is served. Default: `[{names: [client]}]`.
        resources: Option<Vec<ResourceKeys>>,
    }
    unused {
        /// For modules of a homeserver.
        additional_resources: Inert<Mapping>,
        /// A name for logs of a homeserver.
        tag: Inert<String>,
    }
}

keys! {
    pub(crate) struct ResourceKeys {
        /// Any of `client`, `consent`, `metrics`, `health`; those of a homeserver (`federation`, `keys`,
        /// `media`, `openid`, `replication`, `static`) are ignored.
        names: Option<Texts>,
    }
    unused {
        /// For a homeserver. Leave compression to the reverse proxy.
        compress: Checked<bool> = "false",
    }
}

/// What is spoken on a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ListenerKind {
    Http,
    Metrics,
    Manhole,
}

impl Choice for ListenerKind {
    const WORDS: &'static [&'static str] = &["http", "metrics", "manhole"];
    const VALUES: &'static [Self] = &[Self::Http, Self::Metrics, Self::Manhole];
}

/// The names of resources; those of a homeserver are not served here.
const RESOURCES: [(&str, Option<Resource>); 11] = [
    ("client", Some(Resource::Client)),
    ("consent", Some(Resource::Consent)),
    ("metrics", Some(Resource::Metrics)),
    ("health", Some(Resource::Health)),
    ("federation", None),
    ("keys", None),
    ("media", None),
    ("openid", None),
    ("replication", None),
    ("static", None),
    ("webclient", None),
];

/// The name of a resource.
pub(crate) fn name_of(resource: Resource) -> &'static str {
    let found = RESOURCES.iter().find(|(_, it)| *it == Some(resource));
    found.map_or("", |(name, _)| name)
}

/// Something to listen on.
#[derive(Clone, Debug)]
pub struct Listener {
    /// Where.
    pub address: ListenAddress,
    /// What is served there (never nothing), and whose `X-Forwarded-For` is believed.
    pub options: ListenerOptions,
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

/// Reads all listeners; those with nothing to serve are left out.
pub(crate) fn read(
    root: &Section<'_>,
    server: Option<&Server>,
    trusted_proxies: &[Network],
) -> Vec<Listener> {
    let ListenersKeys { listeners: keys } = ListenersKeys::read(root);
    let Some(written) = &*keys else {
        return vec![fallback()];
    };
    let forwarding = forwarding(trusted_proxies);
    let mut taken = HashSet::new();
    let mut listeners = Vec::new();
    for entry in written {
        let Some(listener) = read_listener(entry, &forwarding) else {
            continue;
        };
        if let ListenAddress::Tcp(addresses) = &listener.address {
            for address in addresses.iter().filter(|address| address.port() != 0) {
                if !taken.insert(*address) {
                    let message = format!("{address} is used twice");
                    entry.port.at.mistake(message);
                }
            }
        }
        listeners.push(listener);
    }
    let serves_clients = |it: &Listener| it.options.resources.contains(&Resource::Client);
    if !listeners.iter().any(serves_clients) {
        keys.at.mistake("none of them serves the resource `client`");
    }
    if let Some(server) = server.filter(|server| !*server.metrics) {
        leave_metrics_out(&server.metrics, &mut listeners);
    }
    if trusted_proxies.is_empty() {
        warn_of_forgery(&keys, &listeners);
    }
    listeners
}

/// Whose `X-Forwarded-For` is believed where one is expected.
fn forwarding(trusted_proxies: &[Network]) -> Forwarding {
    if trusted_proxies.is_empty() {
        return Forwarding::FromAnyone;
    }
    let networks = trusted_proxies.to_vec();
    Forwarding::FromProxies(Arc::new(move |address| {
        networks.iter().any(|network| network.contains(address))
    }))
}

/// Without `enable_metrics` there are no numbers, and nothing to listen for where only they would be.
fn leave_metrics_out(enabled: &Entry<bool>, listeners: &mut Vec<Listener>) {
    let mut found = false;
    for listener in &mut *listeners {
        found |= listener.options.resources.remove(&Resource::Metrics);
    }
    listeners.retain(|listener| !listener.options.resources.is_empty());
    if found {
        enabled
            .at
            .warn("is false, so the `metrics` of `listeners` are not served");
    }
}

/// Warns where anybody can reach a listener that believes what `X-Forwarded-For` says.
fn warn_of_forgery(keys: &Entry<Option<Vec<ListenerKeys>>>, listeners: &[Listener]) {
    let exposed = listeners.iter().find_map(|listener| {
        match (&listener.address, &listener.options.forwarding) {
            (_, Forwarding::Ignored) | (ListenAddress::Unix { .. }, _) => None,
            (ListenAddress::Tcp(addresses), _) => {
                let mut addresses = addresses.iter();
                addresses.find(|address| !registrar_mail::options::is_private(address.ip()))
            }
        }
    });
    if let Some(address) = exposed {
        keys.at.warn(format!(
            "anybody who can connect to {address} can choose the address that rate limits count by, \
             because `x_forwarded` is set there; list the reverse proxy in \
             `registrar.trusted_proxies`, or bind to an address that only the proxy reaches, such as \
             `127.0.0.1`"
        ));
    }
}

/// What stands for absent `listeners`.
fn fallback() -> Listener {
    let loopback: [IpAddr; 2] = [Ipv6Addr::LOCALHOST.into(), Ipv4Addr::LOCALHOST.into()];
    Listener {
        address: ListenAddress::Tcp(loopback.map(|ip| SocketAddr::new(ip, 8008)).to_vec()),
        options: ListenerOptions::default(),
    }
}

/// `None` if this server has nothing to do there, or if the address is a mistake.
fn read_listener(keys: &Entry<ListenerKeys>, forwarding: &Forwarding) -> Option<Listener> {
    if *keys.tls {
        keys.tls.at.mistake(
            "this server speaks plain HTTP: terminate TLS in the reverse proxy, and write \
             `tls: false`",
        );
    }
    let resources = read_resources(keys);
    let address = read_address(keys);
    let is_unix = matches!(address, Some(ListenAddress::Unix { .. }));
    if *keys.kind == ListenerKind::Manhole || resources.is_empty() {
        keys.at
            .ignore("nothing that this server serves is listened for there");
        return None;
    }
    let forwarding = match keys.x_forwarded.unwrap_or(is_unix) {
        true => forwarding.clone(),
        false => Forwarding::Ignored,
    };
    Some(Listener {
        address: address?,
        options: ListenerOptions {
            resources,
            forwarding,
            request_id_header: keys.request_id_header.clone(),
        },
    })
}

fn read_resources(keys: &ListenerKeys) -> BTreeSet<Resource> {
    let written = match (*keys.kind, &*keys.resources) {
        (ListenerKind::Metrics, _) => return BTreeSet::from([Resource::Metrics]),
        (_, None) => return ListenerOptions::default().resources,
        (_, Some(written)) => written,
    };
    let mut resources = BTreeSet::new();
    for group in written {
        for name in group.names.iter().flatten() {
            match RESOURCES.iter().find(|(it, _)| it == name) {
                Some((_, resource)) => resources.extend(*resource),
                None => group.names.at.mistake(format!("unknown resource `{name}`")),
            }
        }
    }
    if !resources.is_empty() {
        resources.insert(Resource::Health);
    }
    resources
}

fn read_address(keys: &ListenerKeys) -> Option<ListenAddress> {
    match (*keys.port, &*keys.path) {
        (Some(_), Some(_)) => {
            keys.path
                .at
                .mistake("only one of `port` and `path` can be given");
            None
        }
        (None, Some(path)) => {
            let mode = keys.mode.at.accept(parse_mode(&keys.mode))?;
            let path = path.clone();
            Some(ListenAddress::Unix { path, mode })
        }
        (Some(port), None) => Some(ListenAddress::Tcp(read_addresses(keys, port))),
        (None, None) => {
            keys.port.require("a `port` or a `path` is required");
            None
        }
    }
}

fn read_addresses(keys: &ListenerKeys, port: u16) -> Vec<SocketAddr> {
    let written = keys.bind_addresses.iter().flatten();
    let mut texts: Vec<&str> = written.chain(&*keys.bind_address).map(|it| &**it).collect();
    if texts.is_empty() {
        texts.push("");
    }
    let mut addresses = Vec::new();
    for text in texts {
        match parse_bind_address(text) {
            Some(ips) => addresses.extend(ips.iter().map(|ip| SocketAddr::new(*ip, port))),
            None => keys.bind_addresses.at.mistake(format!(
                "`{text}` is not an IP address such as `127.0.0.1` or `::1`"
            )),
        }
    }
    addresses
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
