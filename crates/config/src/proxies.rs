//! The proxies that other servers are reached through: the operator's, else those of the machine.

use registrar_domain::model::secret::Secret;
use registrar_http_client::{Proxies, Proxy};

use super::key::{Key, Kind};
use super::section::Section;

pub(super) const KEYS: &[Key] = &[
    Key::new(
        HTTP,
        Kind::Text,
        "The proxy for requests to `http` URLs, `scheme://[user:password@]host[:port]` with `http`, \
         `https`, `socks5` or `socks5h`. Default: the environment variable `http_proxy`.",
    ),
    Key::new(
        HTTPS,
        Kind::Text,
        "The proxy for requests to `https` URLs, in the same form. Default: the environment variable \
         `https_proxy`.",
    ),
    Key::new(
        EXCEPTIONS,
        Kind::Texts,
        "What is reached without a proxy: host names and domains (with everything below them), \
         addresses, networks. Default: the environment variable `no_proxy`.",
    ),
];

const HTTP: &str = "http_proxy";
const HTTPS: &str = "https_proxy";
const EXCEPTIONS: &str = "no_proxy_hosts";

/// Reads `http_proxy`, `https_proxy` and `no_proxy`, or their twins in capitals. Whether a proxy can
/// be used is found out by what would go through it: they are set for the whole machine, and a
/// server that asks nobody has no business with them.
pub(super) fn of_the_machine(environment: &[(String, String)]) -> Proxies {
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
pub(super) fn read(root: &Section<'_>, machine: Proxies) -> Proxies {
    let proxy = |name: &str, machine: Option<Secret<String>>| {
        if !root.is_given(name) && !root.is_null(name) {
            return machine;
        }
        let url = root.text(name)?;
        root.accept(name, Proxy::parse(&url))?;
        Some(Secret::new(url))
    };
    Proxies {
        http: proxy(HTTP, machine.http),
        https: proxy(HTTPS, machine.https),
        exceptions: if root.is_given(EXCEPTIONS) || root.is_null(EXCEPTIONS) {
            read_exceptions(root)
        } else {
            machine.exceptions
        },
    }
}

fn read_exceptions(root: &Section<'_>) -> String {
    let texts = root.texts(EXCEPTIONS);
    for text in texts.iter().flat_map(|text| text.split(',')) {
        let text = text.trim();
        let address = text.split_once('/').map(|(address, _)| address);
        let is_network = address.is_none_or(|it| it.parse::<std::net::IpAddr>().is_ok());
        if !is_network || text.contains([' ', '@']) {
            root.mistake(
                EXCEPTIONS,
                format!(
                    "`{text}` is neither a host name nor a domain, an address or a network such as \
                     `10.0.0.0/8`"
                ),
            );
        }
    }
    texts.join(",")
}
