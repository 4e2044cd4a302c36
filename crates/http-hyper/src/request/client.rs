//! The address of the client: the peer of the connection, or the client that a reverse proxy reports.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use http::header::USER_AGENT;
use http::{Extensions, HeaderMap, Method};
use registrar_domain::model::context::{Effects, RequestContext};

/// The longest user agent that is kept, in bytes.
const MAX_USER_AGENT_BYTES: usize = 1024;

const X_FORWARDED_FOR: &str = "x-forwarded-for";

/// The address of the connection's peer, as an extension of each request. `None` on a Unix socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub Option<IpAddr>);

/// Whose `X-Forwarded-For` a listener trusts.
#[derive(Clone, Default)]
pub enum Forwarding {
    /// `X-Forwarded-For` is ignored: clients connect directly.
    #[default]
    Ignored,
    /// `X-Forwarded-For` is trusted from any address: the first address in it is the client. The proxy
    /// must replace the header, because a header that it appends to begins with what the client sent.
    FromAnyone,
    /// `X-Forwarded-For` is trusted from these peers. Read from the end, the first address that is not
    /// one of them is the client.
    FromProxies(Arc<dyn Fn(IpAddr) -> bool + Send + Sync>),
}

impl fmt::Debug for Forwarding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ignored => "Ignored",
            Self::FromAnyone => "FromAnyone",
            Self::FromProxies(_) => "FromProxies(…)",
        })
    }
}

impl Forwarding {
    /// Is a peer one that speaks for many clients? Where everybody's word counts, it is one that
    /// connects from this machine or a private network, as proxies do.
    pub(crate) fn is_proxy(&self, peer: IpAddr) -> bool {
        match self {
            Self::Ignored => false,
            Self::FromAnyone => is_local(peer),
            Self::FromProxies(is_proxy) => is_proxy(peer.to_canonical()),
        }
    }

    /// Whose share of the server a request is part of. A proxy that does not say for whom it asks
    /// has none.
    pub(crate) fn subscriber(
        &self,
        peer: Option<IpAddr>,
        client_ip: Option<IpAddr>,
    ) -> Option<Subscriber> {
        let is_proxy = |ip: &IpAddr| peer.map(|peer| peer.to_canonical()) == Some(*ip);
        let client_ip = client_ip.filter(|ip| !(is_proxy(ip) && self.is_proxy(*ip)));
        client_ip.map(Subscriber::of)
    }

    /// The client's address. A header that is missing, empty or unreadable gives the peer's, so that
    /// no header frees anyone from the limits of some address.
    pub fn client_ip(&self, peer: Option<IpAddr>, headers: &HeaderMap) -> Option<IpAddr> {
        let forwarded = match self {
            Self::Ignored => None,
            Self::FromAnyone => headers
                .get(X_FORWARDED_FOR)
                .and_then(|value| value.to_str().ok())
                .and_then(|value| value.split(',').next())
                .and_then(parse_address),
            // A Unix socket has no address; its permissions decide who can connect.
            Self::FromProxies(is_proxy) if peer.is_none_or(|peer| is_proxy(peer)) => {
                last_hop(headers, &**is_proxy)
            }
            Self::FromProxies(_) => None,
        };
        forwarded.or(peer).map(|ip| ip.to_canonical())
    }
}

fn is_local(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => ip.is_loopback() || ip.is_private() || ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
    }
}

/// One IPv4 address, or the /64 that an IPv6 subscriber is given: what shares of the server are
/// counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Subscriber(IpAddr);

impl Subscriber {
    pub(crate) fn of(ip: IpAddr) -> Self {
        Self(match ip.to_canonical() {
            IpAddr::V4(ip) => ip.into(),
            IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() & (u128::MAX << 64)).into(),
        })
    }
}

/// The address that the outermost known proxy saw, or the last one before something unreadable.
fn last_hop(headers: &HeaderMap, is_proxy: &dyn Fn(IpAddr) -> bool) -> Option<IpAddr> {
    let mut lines: Vec<_> = headers.get_all(X_FORWARDED_FOR).iter().collect();
    lines.reverse();
    let mut last = None;
    for line in lines {
        let Ok(line) = line.to_str() else { return last };
        for hop in line.rsplit(',') {
            let Some(address) = parse_address(hop) else {
                return last;
            };
            last = Some(address);
            if !is_proxy(address) {
                return last;
            }
        }
    }
    last
}

/// Reads an address as proxies write it: plain, in brackets, with or without a port.
fn parse_address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'))
        .unwrap_or(text);
    let plain = bare.parse::<IpAddr>().ok();
    plain.or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

/// The client's address, as an extension of each request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClientIp(pub(crate) Option<IpAddr>);

/// Whose share of the server a request is part of, as an extension of each request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Share(pub(crate) Option<Subscriber>);

/// What use-cases know about a request.
pub(crate) fn context(
    method: &Method,
    headers: &HeaderMap,
    extensions: &Extensions,
) -> RequestContext {
    let user_agent = headers.get_all(USER_AGENT).iter().next_back();
    let user_agent = user_agent.map(|value| String::from_utf8_lossy(value.as_bytes()));
    let mut user_agent = user_agent.unwrap_or_default().into_owned();
    user_agent.truncate(user_agent.floor_char_boundary(MAX_USER_AGENT_BYTES));
    let effects = if *method == Method::HEAD {
        Effects::None
    } else {
        Effects::Allowed
    };
    RequestContext {
        effects,
        client_ip: extensions.get().and_then(|ClientIp(ip)| *ip),
        user_agent,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_those_of_clients_and_not_of_proxies() {
        let proxies =
            || Forwarding::FromProxies(Arc::new(|ip: IpAddr| ip.to_string() == "203.0.113.1"));
        // Whose word counts, the peer, the client, and whose share it is.
        let rows = [
            (
                Forwarding::Ignored,
                "10.0.0.1",
                "10.0.0.1",
                Some("10.0.0.1"),
            ),
            (Forwarding::FromAnyone, "10.0.0.1", "10.0.0.1", None),
            (
                Forwarding::FromAnyone,
                "::ffff:127.0.0.1",
                "127.0.0.1",
                None,
            ),
            (Forwarding::FromAnyone, "fd00::1", "fd00::1", None),
            (
                Forwarding::FromAnyone,
                "10.0.0.1",
                "10.0.0.2",
                Some("10.0.0.2"),
            ),
            (
                Forwarding::FromAnyone,
                "192.0.2.1",
                "192.0.2.1",
                Some("192.0.2.1"),
            ),
            (proxies(), "203.0.113.1", "203.0.113.1", None),
            (proxies(), "203.0.113.1", "192.0.2.1", Some("192.0.2.1")),
            (proxies(), "10.0.0.1", "10.0.0.1", Some("10.0.0.1")),
            (
                Forwarding::Ignored,
                "2001:db8::1",
                "2001:db8::1",
                Some("2001:db8::2"),
            ),
        ];
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        for (forwarding, peer, client, expected) in rows {
            let share = forwarding.subscriber(Some(ip(peer)), Some(ip(client)));
            let expected = expected.map(|it| Subscriber::of(ip(it)));
            assert_eq!(share, expected, "{forwarding:?} {peer} {client}");
        }
        assert_eq!(Forwarding::FromAnyone.subscriber(None, None), None);
    }
}
