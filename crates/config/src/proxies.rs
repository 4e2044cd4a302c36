//! How other servers are reached: through which proxies, and within which time.

use std::net::IpAddr;
use std::time::Duration;

use registrar_domain::model::secret::Secret;
use registrar_http_client::{Options, Proxies, Proxy};

use super::keys::{Keys as _, keys};
use super::section::{Entry, Section};
use super::types::{Private, Texts};

keys! {
    pub(crate) struct ProxyKeys {
        /// The proxy for requests to `http` URLs, `scheme://[user:password@]host[:port]` with `http`,
        /// `https`, `socks5` or `socks5h`. Default: the environment variable `http_proxy`.
        http_proxy: Option<Private>,
        /// The proxy for requests to `https` URLs, in the same form. Default: the environment variable
        /// `https_proxy`.
        https_proxy: Option<Private>,
        /// What is reached without a proxy: host names and domains (with everything below them),
        /// addresses, networks. Default: the environment variable `no_proxy`.
        no_proxy_hosts: Option<Texts>,
    }
}

/// How other servers are reached.
pub(crate) struct Outgoing {
    pub(crate) proxies: Proxies,
    /// How long another server may take.
    pub(crate) deadline: Duration,
}

impl Outgoing {
    /// Reads the proxies. `request_timeout`: how long clients wait.
    pub(crate) fn read(
        root: &Section<'_>,
        environment: &[(String, String)],
        request_timeout: Duration,
    ) -> Self {
        Self {
            proxies: read(root, of_the_machine(environment)),
            // Not so long that a client is turned away before it can be told what went wrong.
            deadline: request_timeout * 2 / 3,
        }
    }

    /// How to get to a URL.
    pub(crate) fn to(&self, url: &str) -> Options {
        let options = Options {
            proxy: self.proxies.find(url).cloned(),
            ..Options::default()
        };
        options.within(self.deadline)
    }
}

/// Reads `http_proxy`, `https_proxy` and `no_proxy`, or their twins in capitals. Whether a proxy can
/// be used is found out by what would go through it: they are set for the whole machine, and a
/// server that asks nobody has no business with them.
fn of_the_machine(environment: &[(String, String)]) -> Proxies {
    let find = |name: &str| {
        let value = |name: &str| environment.iter().find(|(it, _)| it == name);
        let (_, value) = value(name).or_else(|| value(&name.to_ascii_uppercase()))?;
        Some(value.clone()).filter(|value| !value.is_empty())
    };
    Proxies {
        http: find("http_proxy").map(Secret::new),
        https: find("https_proxy").map(Secret::new),
        exceptions: find("no_proxy").unwrap_or_default(),
    }
}

/// Each key that is written takes the place of the machine's; `null` or nothing means none.
fn read(root: &Section<'_>, machine: Proxies) -> Proxies {
    let keys = ProxyKeys::read(root);
    let proxy = |key: &Entry<Option<Private>>, machine| match &**key {
        Some(url) => {
            key.at.accept(Proxy::parse(url))?;
            Some(Secret::new(url.clone()))
        }
        None if key.is_written() => None,
        None => machine,
    };
    Proxies {
        http: proxy(&keys.http_proxy, machine.http),
        https: proxy(&keys.https_proxy, machine.https),
        exceptions: match keys.no_proxy_hosts.is_written() {
            true => read_exceptions(&keys.no_proxy_hosts),
            false => machine.exceptions,
        },
    }
}

fn read_exceptions(hosts: &Entry<Option<Texts>>) -> String {
    let texts = hosts.as_deref().unwrap_or_default();
    for text in texts.iter().flat_map(|text| text.split(',')) {
        let text = text.trim();
        let address = text.split_once('/').map(|(address, _)| address);
        let is_network = address.is_none_or(|it| it.parse::<IpAddr>().is_ok());
        if !is_network || text.contains([' ', '@']) {
            hosts.at.mistake(format!(
                "`{text}` is neither a host name nor a domain, an address or a network such as \
                 `10.0.0.0/8`"
            ));
        }
    }
    texts.join(",")
}
