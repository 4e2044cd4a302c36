//! Every key that this server knows, grouped as in the documentation.

use std::sync::Arc;

use super::key::{Key, Kind};
use super::tree::{Node, Value};
use super::{
    accounts, app_services, captcha, consent, database, email, lifetimes, listeners, own, password,
    proxies, rates, registration, rooms, secrets, server, templates, threepids, usage,
};

mod homeserver;

pub(super) use homeserver::Area;

/// Keys that belong together.
pub(super) struct Group {
    pub(super) title: &'static str,
    pub(super) keys: &'static [Key],
}

/// All groups, in the order of the documentation.
pub(super) const GROUPS: &[Group] = &[
    Group {
        title: "The server and its addresses",
        keys: server::KEYS,
    },
    Group {
        title: "Listeners",
        keys: listeners::KEYS,
    },
    Group {
        title: "Database",
        keys: database::KEYS,
    },
    Group {
        title: "Registration",
        keys: registration::KEYS,
    },
    Group {
        title: "Lifetimes",
        keys: lifetimes::KEYS,
    },
    Group {
        title: "Rate limits",
        keys: rates::KEYS,
    },
    Group {
        title: "Passwords",
        keys: password::KEYS,
    },
    Group {
        title: "Captcha",
        keys: captcha::KEYS,
    },
    Group {
        title: "Consent",
        keys: consent::KEYS,
    },
    Group {
        title: "Email",
        keys: email::KEYS,
    },
    Group {
        title: "Third-party identifiers",
        keys: threepids::KEYS,
    },
    Group {
        title: "Proxies",
        keys: proxies::KEYS,
    },
    Group {
        title: "Application services",
        keys: app_services::KEYS,
    },
    Group {
        title: "Limits on use",
        keys: usage::KEYS,
    },
    Group {
        title: "Accounts",
        keys: accounts::KEYS,
    },
    Group {
        title: "Rooms that new accounts join",
        keys: rooms::KEYS,
    },
    Group {
        title: "Templates",
        keys: templates::KEYS,
    },
    Group {
        title: "Secrets",
        keys: secrets::KEYS,
    },
    Group {
        title: "Options of this server alone",
        keys: own::KEYS,
    },
];

/// Every top-level key.
pub(super) fn keys() -> impl Iterator<Item = &'static Key> {
    GROUPS.iter().flat_map(|group| group.keys)
}

/// The declaration of the key at a path, such as `["email", "smtp_host"]`.
pub(super) fn find(path: &[&str]) -> Option<&'static Key> {
    let (last, sections) = path.split_last()?;
    let mut candidates: Vec<&'static Key> = keys().collect();
    for name in sections {
        let section = candidates.into_iter().find(|key| key.name == *name)?;
        let Kind::Section(keys) = section.kind else {
            return None;
        };
        candidates = keys.iter().collect();
    }
    candidates.into_iter().find(|key| key.covers(last))
}

/// What stands for a key that is not written.
pub(super) fn default_value(key: &Key) -> Option<Value> {
    let text = key.default?;
    if key.kind.is_plain_text() {
        return Some(Value::Text(text.to_owned()));
    }
    Node::parse_value(text, &Arc::from("default"))
        .ok()
        .map(|node| node.value)
}

/// What takes care of a top-level key of `homeserver.yaml` that has no effect here; `None` for a key
/// that is not one of those.
pub(super) fn done_elsewhere(name: &str) -> Option<&'static str> {
    let area = homeserver::AREAS
        .iter()
        .find(|area| area.keys.contains(&name));
    let is_foreign = || homeserver::PREFIXES.iter().any(|p| name.starts_with(p));
    match area {
        Some(area) => Some(area.instead),
        None => is_foreign().then_some(homeserver::BY_PREFIX),
    }
}

/// The top-level keys of a homeserver by what takes care of them, for the documentation.
pub(super) fn homeserver_areas() -> &'static [Area] {
    homeserver::AREAS
}

/// Beginnings of names that belong to a homeserver whatever follows, for the documentation.
pub(super) fn homeserver_prefixes() -> &'static [&'static str] {
    homeserver::PREFIXES
}

/// What takes care of options with those beginnings.
pub(super) fn homeserver_prefix_owner() -> &'static str {
    homeserver::BY_PREFIX
}
