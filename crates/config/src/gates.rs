//! Options that decide who gets in, and that this server does not obey.
//!
//! Each is a warning that stands before all others, because an operator who relies on it must know.

use super::section::Section;
use super::tree::{Mapping, Node, Value};

const NO_SSO: &str = "single sign-on is not served: people who have no password here cannot log in";
const NO_MODULES: &str = "modules of Synapse are not loaded, so nothing that they refuse is refused; \
                          a service of yours can decide by `registrar.webhook`";
const NO_PROVIDERS: &str =
    "passwords are compared with those of this server alone; create these people's accounts here";

/// The way to each from the top of the file, and what does not happen, and what can be done instead.
const GATES: &[(&[&str], &str)] = &[
    (
        &["account_validity"],
        "accounts do not expire; deactivate them with `registrar admin user deactivate`",
    ),
    (&["modules"], NO_MODULES),
    (&["spam_checker"], NO_MODULES),
    (&["third_party_event_rules"], NO_MODULES),
    (&["password_providers"], NO_PROVIDERS),
    (&["ldap_config"], NO_PROVIDERS),
    (&["oidc_providers"], NO_SSO),
    (&["oidc_config"], NO_SSO),
    (&["saml2_config"], NO_SSO),
    (&["cas_config"], NO_SSO),
    (&["jwt_config"], "logins with a JSON Web Token are refused"),
    (
        &["login_via_existing_session"],
        "a signed-in device cannot log in another one with a token",
    ),
    (
        &["matrix_authentication_service"],
        "this server does not hand authentication on: people register and log in here",
    ),
    (
        &["experimental_features", "msc3861"],
        "this server does not hand authentication on: people register and log in here",
    ),
    (
        &["experimental_features", "msc3866"],
        "new accounts do not wait for approval, they can be used at once; close registration, \
                 or ask for registration tokens",
    ),
];

/// Warns about each that is switched on.
pub(crate) fn check(root: &Section<'_>) {
    for (path, advice) in GATES {
        let written = root.written(path);
        if let Some((at, _)) = written.filter(|(_, node)| is_on(node)) {
            at.unsupported(advice);
        }
    }
}

/// Does the option do something in Synapse?
fn is_on(node: &Node) -> bool {
    match &node.value {
        Value::Null | Value::Flag(false) => false,
        Value::Mapping(mapping) => is_switched_on(mapping),
        Value::List(items) => !items.is_empty(),
        Value::Text(text) => !text.is_empty(),
        Value::Flag(true) | Value::Integer(_) | Value::Number(_) => true,
    }
}

fn is_switched_on(mapping: &Mapping) -> bool {
    match mapping.get("enabled") {
        Some(enabled) => is_on(enabled),
        None => mapping.iter().next().is_some(),
    }
}
