//! The proxies of the machine, from the environment variables that every program knows.

use registrar_domain::secret::Secret;
use registrar_http_client::Proxies;

/// Reads `http_proxy`, `https_proxy` and `no_proxy`, or their twins in capitals. Whether a proxy can
/// be used is found out by what would go through it: they are set for the whole machine, and a
/// server that asks nobody has no business with them.
pub(super) fn read(environment: &[(String, String)]) -> Proxies {
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
