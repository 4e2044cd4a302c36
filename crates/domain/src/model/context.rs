//! [`RequestContext`]: who is asking, as far as the connection tells.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

/// What use-cases know about the request itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestContext {
    /// The client's address; `None` on a Unix socket without a forwarding proxy.
    pub client_ip: Option<IpAddr>,
    /// The last `User-Agent` header, or the empty string.
    pub user_agent: String,
    /// What the request may do.
    pub effects: Effects,
}

/// What a request may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effects {
    /// What its endpoint is for.
    Allowed,
    /// Nothing: it only asks what the answer would be, as `HEAD` does.
    None,
}

impl RequestContext {
    /// The key that address limits count under.
    ///
    /// An IPv6 subscriber is given a whole /64, so addresses of one /64 count together; otherwise
    /// no limit would bind anyone who has IPv6. Clients without an address share one key.
    pub fn limit_key(&self) -> String {
        self.client_key().to_string()
    }

    /// The same key as a value.
    pub fn client_key(&self) -> ClientKey {
        match self.client_ip.map(|ip| ip.to_canonical()) {
            None => ClientKey::Unknown,
            Some(IpAddr::V4(ip)) => ClientKey::V4(ip),
            Some(IpAddr::V6(ip)) => {
                let [a, b, c, d, ..] = ip.segments();
                ClientKey::V6([a, b, c, d])
            }
        }
    }

    /// This client's turn at hashing passwords.
    pub(crate) fn hash_turn(&self, trust: Trust) -> HashTurn {
        HashTurn {
            client: self.client_key(),
            trust,
        }
    }

    /// The longest `User-Agent` that is recorded, in characters. Browsers send about 120.
    pub const MAX_USER_AGENT_CHARS: usize = 256;

    /// What is recorded of the `User-Agent` header: its beginning.
    pub fn recorded_user_agent(&self) -> &str {
        let end = self
            .user_agent
            .char_indices()
            .nth(Self::MAX_USER_AGENT_CHARS);
        end.map_or(&self.user_agent, |(end, _)| &self.user_agent[..end])
    }

    /// The client's address as text, or the empty string.
    pub fn client_ip_text(&self) -> String {
        self.client_ip
            .map(|ip| ip.to_canonical().to_string())
            .unwrap_or_default()
    }
}

/// One client, as far as limits can tell clients apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ClientKey {
    /// Clients without an address, such as those of a Unix socket, and the console.
    Unknown,
    /// An IPv4 address.
    V4(Ipv4Addr),
    /// The first four segments of an IPv6 address: a /64.
    V6([u16; 4]),
}

impl ClientKey {
    /// The networks that one attacker can easily have many addresses of: an IPv4 /24 or an IPv6 /48.
    #[must_use]
    pub fn neighborhood(self) -> Self {
        match self {
            Self::Unknown => self,
            Self::V4(ip) => {
                let [a, b, c, _] = ip.octets();
                Self::V4(Ipv4Addr::new(a, b, c, 0))
            }
            Self::V6([a, b, c, _]) => Self::V6([a, b, c, 0]),
        }
    }
}

impl fmt::Display for ClientKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("unknown"),
            Self::V4(ip) => ip.fmt(f),
            Self::V6([a, b, c, d]) => write!(f, "{a:x}:{b:x}:{c:x}:{d:x}::/64"),
        }
    }
}

/// Whose turn at hashing a call takes. Clients take turns, so that none costs others theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HashTurn {
    /// Who causes the work.
    pub client: ClientKey,
    /// How far the client has earned it.
    pub trust: Trust,
}

impl HashTurn {
    /// The turn of the operator: an administrator, the console, or the shared secret.
    pub const OPERATOR: Self = Self {
        client: ClientKey::Unknown,
        trust: Trust::Proved,
    };
}

/// How far a client has earned the work that it causes, the most trusted first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Trust {
    /// It has proved something that an attacker cannot prove in any number: it is signed in, an
    /// administrator, or has passed a stage that is not just a declaration.
    Proved,
    /// A rate limit has charged it for this very attempt: it logs in, or completes a registration.
    Charged,
    /// It has proved nothing, as in the first request of a registration.
    Unproved,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_ipv6_subscriber_is_one_key() {
        let key = |ip: &str| {
            RequestContext {
                client_ip: Some(ip.parse().unwrap()),
                user_agent: String::new(),
                effects: Effects::Allowed,
            }
            .limit_key()
        };
        assert_eq!(key("2001:db8::1"), key("2001:db8:0:0:ffff::2"));
        assert_ne!(key("2001:db8::1"), key("2001:db8:0:1::1"));
        assert_eq!(key("::ffff:192.0.2.1"), key("192.0.2.1"));
    }
}
