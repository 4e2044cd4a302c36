use std::fmt;

/// The name of a homeserver: a DNS name or an IP literal, with an optional port.
///
/// Spec: <https://spec.matrix.org/v1.16/appendices/#server-name>
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ServerName(String);

/// The text is not a server name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a server name (a host name or IP address, with an optional port)")]
pub struct ServerNameError(String);

impl ServerName {
    /// The longest server name, in bytes.
    pub const MAX_BYTES: usize = 230;

    /// Parses a server name.
    ///
    /// # Errors
    /// [`ServerNameError`] when it is empty, too long, or not of the grammar.
    pub fn parse(text: &str) -> Result<Self, ServerNameError> {
        let refuse = || ServerNameError(text.to_owned());
        if text.is_empty() || text.len() > Self::MAX_BYTES {
            return Err(refuse());
        }
        let (host, port) = split_port(text).ok_or_else(refuse)?;
        let host_ok = match host.strip_prefix('[') {
            Some(rest) => rest
                .strip_suffix(']')
                .is_some_and(|literal| literal.parse::<std::net::Ipv6Addr>().is_ok()),
            None => {
                // With the dot at its end that DNS allows, it would be another name.
                !host.is_empty()
                    && !host.ends_with('.')
                    && host
                        .bytes()
                        .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.')
            }
        };
        let port_ok = port
            .is_none_or(|p| (1..=5).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_digit()));
        if host_ok && port_ok {
            Ok(Self(text.to_owned()))
        } else {
            Err(refuse())
        }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Splits `host[:port]`, leaving the colons of an IPv6 literal alone.
fn split_port(text: &str) -> Option<(&str, Option<&str>)> {
    if text.starts_with('[') {
        let end = text.find(']')? + 1;
        let (host, rest) = text.split_at(end);
        return match rest.strip_prefix(':') {
            Some(port) => Some((host, Some(port))),
            None if rest.is_empty() => Some((host, None)),
            None => None,
        };
    }
    Some(match text.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (text, None),
    })
}

impl fmt::Display for ServerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grammar() {
        for good in [
            "example.org",
            "localhost",
            "a.b:8448",
            "1.2.3.4:1",
            "[::1]",
            "[::1]:8448",
        ] {
            assert!(ServerName::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "example.org.",
            "example.org.:8448",
            ".",
            "",
            "a b",
            "a:b",
            "a:",
            "[::1",
            "[::1]x",
            "[zz]",
            "ü.org",
            "a/b",
            "a:123456",
        ] {
            assert!(ServerName::parse(bad).is_err(), "{bad}");
        }
    }
}
