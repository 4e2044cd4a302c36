//! [`RequestContext`]: who is asking, as far as the connection tells.

use std::net::IpAddr;

/// What use-cases know about the request itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestContext {
    /// The client's address; `None` on a Unix socket without a forwarding proxy.
    pub client_ip: Option<IpAddr>,
    /// The last `User-Agent` header, or the empty string.
    pub user_agent: String,
}

impl RequestContext {
    /// The key that address limits count under.
    ///
    /// An IPv6 subscriber is given a whole /64, so addresses of one /64 count together; otherwise
    /// no limit would bind anyone who has IPv6. Clients without an address share one key.
    pub fn limit_key(&self) -> String {
        match self.client_ip.map(|ip| ip.to_canonical()) {
            None => "unknown".to_owned(),
            Some(IpAddr::V4(ip)) => ip.to_string(),
            Some(IpAddr::V6(ip)) => {
                let [a, b, c, d, ..] = ip.segments();
                format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
            }
        }
    }

    /// The client's address as text, or the empty string.
    pub fn client_ip_text(&self) -> String {
        self.client_ip
            .map(|ip| ip.to_canonical().to_string())
            .unwrap_or_default()
    }
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
            }
            .limit_key()
        };
        assert_eq!(key("2001:db8::1"), key("2001:db8:0:0:ffff::2"));
        assert_ne!(key("2001:db8::1"), key("2001:db8:0:1::1"));
        assert_eq!(key("::ffff:192.0.2.1"), key("192.0.2.1"));
    }
}
