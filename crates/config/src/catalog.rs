//! Every key that this server knows, grouped as in the documentation.

use super::key::{Groups, Key, Kind};
use super::keys::Keys as _;
use super::{
    accounts, app_services, captcha, consent, database, email, lifetimes, listeners, own, password,
    proxies, rates, registration, rooms, secrets, server, templates, threepids, usage,
};

mod homeserver;

/// All groups with their titles, in the order of the documentation.
pub(crate) const TITLED: [(&str, &[Key]); 19] = [
    ("The server and its addresses", server::ServerKeys::KEYS),
    ("Listeners", listeners::ListenersKeys::KEYS),
    ("Database", database::DatabaseKeys::KEYS),
    ("Registration", registration::RegistrationKeys::KEYS),
    ("Lifetimes", lifetimes::LifetimeKeys::KEYS),
    ("Rate limits", rates::RateKeys::KEYS),
    ("Passwords", password::PasswordGroup::KEYS),
    ("Captcha", captcha::CaptchaKeys::KEYS),
    ("Consent", consent::ConsentGroup::KEYS),
    ("Email", email::EmailGroup::KEYS),
    ("Third-party identifiers", threepids::ThreepidKeys::KEYS),
    ("Proxies", proxies::ProxyKeys::KEYS),
    ("Application services", app_services::AppServiceKeys::KEYS),
    ("Limits on use", usage::UsageKeys::KEYS),
    ("Accounts", accounts::AccountKeys::KEYS),
    ("Rooms that new accounts join", rooms::RoomKeys::KEYS),
    ("Templates", templates::TemplatesGroup::KEYS),
    ("Secrets", secrets::SecretKeys::KEYS),
    ("Options of this server alone", own::OwnGroup::KEYS),
];

/// The same without titles.
pub(crate) const GROUPS: Groups = &{
    let mut groups: [&[Key]; TITLED.len()] = [&[]; TITLED.len()];
    let mut at = 0;
    while at < TITLED.len() {
        groups[at] = TITLED[at].1;
        at += 1;
    }
    groups
};

/// Every key of these groups.
pub(crate) fn all(groups: Groups) -> impl Iterator<Item = &'static Key> {
    groups.iter().copied().flatten()
}

/// The declaration of the key at a path, such as `["email", "smtp_host"]`.
pub(crate) fn find(path: &[&str]) -> Option<&'static Key> {
    let (last, sections) = path.split_last()?;
    let mut groups = GROUPS;
    for name in sections {
        let Kind::Section(inner) = all(groups).find(|key| key.name == *name)?.kind else {
            return None;
        };
        groups = inner;
    }
    all(groups).find(|key| key.covers(last))
}

/// What takes care of a top-level key of `homeserver.yaml` that has no effect here; `None` for a key
/// that is not one of those.
pub(crate) fn done_elsewhere(name: &str) -> Option<&'static str> {
    let names = |names: &str| names.split_whitespace().any(|it| it == name);
    let area = homeserver::AREAS.iter().find(|(_, them)| names(them));
    let is_foreign = || homeserver::PREFIXES.iter().any(|it| name.starts_with(it));
    match area {
        Some((instead, _)) => Some(instead),
        None => is_foreign().then_some(homeserver::BY_PREFIX),
    }
}

/// The top-level keys of a homeserver, and what takes care of them, for the documentation.
pub(crate) fn homeserver_areas() -> impl Iterator<Item = (String, &'static str)> {
    let quote = |name: &str| format!("`{name}`");
    let areas = homeserver::AREAS.iter().map(move |(instead, names)| {
        let names: Vec<String> = names.split_whitespace().map(quote).collect();
        (names.join(", "), *instead)
    });
    let prefixes = homeserver::PREFIXES.map(|prefix| format!("all that begin with `{prefix}`"));
    areas.chain([(prefixes.join(", "), homeserver::BY_PREFIX)])
}
