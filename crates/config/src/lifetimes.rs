//! How long sessions and tokens live.

use std::time::Duration;

use registrar_domain::model::policy::TokenLifetimes;

use super::key::{Key, Kind};
use super::section::Section;
use super::syntax::show_duration;

pub(super) const KEYS: &[Key] = &[
    Key::new(
        "session_lifetime",
        Kind::Duration,
        "From login until logging in again is necessary; caps the other lifetimes. Default: \
         for ever.",
    ),
    Key::new(
        REFRESHABLE,
        Kind::Duration,
        "How long an access token lives whose client asked for a refresh token. `null` \
         switches refresh tokens off.",
    )
    .or("5m"),
    Key::new(
        "nonrefreshable_access_token_lifetime",
        Kind::Duration,
        "How long any other access token lives. Default: for ever.",
    ),
    Key::new(
        "refresh_token_lifetime",
        Kind::Duration,
        "How long an unused refresh token lives. Default: for ever.",
    ),
    Key::new(
        "ui_auth",
        Kind::Section(UI_AUTH),
        "Proving again who one is, before dangerous actions.",
    ),
];

const REFRESHABLE: &str = "refreshable_access_token_lifetime";

const UI_AUTH: &[Key] = &[Key::new(
    "session_timeout",
    Kind::Duration,
    "For how long signed-in users can remove devices without proving again who they are. \
     Changing a password, adding an address and deactivating the account always ask. \
         0: always ask.",
)
.or("0")];

/// Reads the lifetimes of tokens.
pub(super) fn read(root: &Section<'_>) -> TokenLifetimes {
    let refreshable = if root.is_null(REFRESHABLE) {
        None
    } else {
        root.duration_if_given(REFRESHABLE)
    };
    let lifetimes = TokenLifetimes {
        session: root.duration_if_given("session_lifetime"),
        refreshable_access: refreshable,
        nonrefreshable_access: root.duration_if_given("nonrefreshable_access_token_lifetime"),
        refresh: root.duration_if_given("refresh_token_lifetime"),
    };
    for (name, lifetime) in [
        ("session_lifetime", lifetimes.session),
        (REFRESHABLE, lifetimes.refreshable_access),
        (
            "nonrefreshable_access_token_lifetime",
            lifetimes.nonrefreshable_access,
        ),
        ("refresh_token_lifetime", lifetimes.refresh),
    ] {
        if lifetime.is_some_and(|lifetime| lifetime.is_zero()) {
            root.mistake(
                name,
                "0 would end it at once; leave the key away for no end",
            );
        }
    }
    // The default of the refreshable one never contradicts: it is capped like everything else.
    let explicit = refreshable.filter(|_| root.is_given(REFRESHABLE));
    check(root, REFRESHABLE, lifetimes.session, explicit);
    check(
        root,
        "nonrefreshable_access_token_lifetime",
        lifetimes.session,
        lifetimes.nonrefreshable_access,
    );
    check(
        root,
        "refresh_token_lifetime",
        lifetimes.session,
        lifetimes.refresh,
    );
    lifetimes
}

/// Reads `ui_auth.session_timeout`.
pub(super) fn read_ui_auth_session_timeout(root: &Section<'_>) -> Duration {
    root.section("ui_auth").duration("session_timeout")
}

fn check(root: &Section<'_>, name: &str, session: Option<Duration>, lifetime: Option<Duration>) {
    if let (Some(session), Some(lifetime)) = (session, lifetime)
        && lifetime > session
    {
        let (session, lifetime) = (show_duration(session), show_duration(lifetime));
        root.mistake(
            name,
            format!(
                "{lifetime} is longer than `session_lifetime` ({session}), after which no token \
                 lives"
            ),
        );
    }
}
