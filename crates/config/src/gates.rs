//! Options that decide who gets in, and that this server does not obey.
//!
//! Each is a warning that stands before all others, because an operator who relies on it must know.

use super::section::Section;
use super::tree::{Mapping, Node, Value};

/// Such an option.
struct Gate {
    /// The way to it from the top of the file.
    path: &'static [&'static str],
    /// What does not happen, and what can be done instead.
    advice: &'static str,
}

const NO_SSO: &str = "single sign-on is not served: people who have no password here cannot log in";
const NO_MODULES: &str = "modules of Synapse are not loaded, so nothing that they refuse is refused; \
                          a service of yours can decide by `registrar.webhook`";
const NO_PROVIDERS: &str =
    "passwords are compared with those of this server alone; create these people's accounts here";

const GATES: &[Gate] = &[
    Gate {
        path: &["account_validity"],
        advice: "accounts do not expire; deactivate them with `registrar admin user deactivate`",
    },
    Gate {
        path: &["modules"],
        advice: NO_MODULES,
    },
    Gate {
        path: &["spam_checker"],
        advice: NO_MODULES,
    },
    Gate {
        path: &["third_party_event_rules"],
        advice: NO_MODULES,
    },
    Gate {
        path: &["password_providers"],
        advice: NO_PROVIDERS,
    },
    Gate {
        path: &["ldap_config"],
        advice: NO_PROVIDERS,
    },
    Gate {
        path: &["oidc_providers"],
        advice: NO_SSO,
    },
    Gate {
        path: &["oidc_config"],
        advice: NO_SSO,
    },
    Gate {
        path: &["saml2_config"],
        advice: NO_SSO,
    },
    Gate {
        path: &["cas_config"],
        advice: NO_SSO,
    },
    Gate {
        path: &["jwt_config"],
        advice: "logins with a JSON Web Token are refused",
    },
    Gate {
        path: &["login_via_existing_session"],
        advice: "a signed-in device cannot log in another one with a token",
    },
    Gate {
        path: &["matrix_authentication_service"],
        advice: "this server does not hand authentication on: people register and log in here",
    },
    Gate {
        path: &["experimental_features", "msc3861"],
        advice: "this server does not hand authentication on: people register and log in here",
    },
    Gate {
        path: &["experimental_features", "msc3866"],
        advice: "new accounts do not wait for approval, they can be used at once; close registration, \
                 or ask for registration tokens",
    },
];

/// Warns about each that is switched on.
pub(super) fn check(root: &Section<'_>) {
    for gate in GATES {
        if root.written(gate.path).is_some_and(is_on) {
            root.not_obeyed(gate.path, gate.advice);
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
