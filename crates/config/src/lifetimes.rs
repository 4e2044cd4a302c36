//! How long sessions and tokens live.

use std::time::Duration;

use registrar_domain::model::policy::TokenLifetimes;

use super::keys::{Keys as _, keys};
use super::section::{Entry, Section};
use super::syntax::show_duration;

keys! {
    pub(crate) struct LifetimeKeys {
        /// From login until logging in again is necessary; caps the other lifetimes. Default: forever.
        session_lifetime: Option<Duration>,
        /// How long an access token lives whose client asked for a refresh token. `null` switches refresh
        /// tokens off.
        refreshable_access_token_lifetime: Option<Duration> = "5m",
        /// How long any other access token lives. Default: forever.
        nonrefreshable_access_token_lifetime: Option<Duration>,
        /// How long an unused refresh token lives. Default: forever.
        refresh_token_lifetime: Option<Duration>,
        /// Authenticating again before dangerous actions.
        ui_auth: UiAuthKeys,
    }
}

keys! {
    pub(crate) struct UiAuthKeys {
        /// For how long signed-in users can remove devices without authenticating again. Changing a
        /// password, adding an address and deactivating the account always ask. 0: always ask.
        session_timeout: Duration = "0",
    }
}

/// Reads the lifetimes of tokens, and `ui_auth.session_timeout`.
pub(crate) fn read(root: &Section<'_>) -> (TokenLifetimes, Duration) {
    let keys = LifetimeKeys::read(root);
    let refreshable = &keys.refreshable_access_token_lifetime;
    let session = *keys.session_lifetime;
    check(&keys.session_lifetime, None);
    check(&keys.nonrefreshable_access_token_lifetime, session);
    check(&keys.refresh_token_lifetime, session);
    // The default never contradicts: it is capped like everything else.
    check(refreshable, session.filter(|_| refreshable.is_given()));
    let lifetimes = TokenLifetimes {
        session,
        refreshable_access: refreshable.filter(|_| !refreshable.is_null()),
        nonrefreshable_access: *keys.nonrefreshable_access_token_lifetime,
        refresh: *keys.refresh_token_lifetime,
    };
    (lifetimes, *keys.ui_auth.session_timeout)
}

fn check(key: &Entry<Option<Duration>>, session: Option<Duration>) {
    let Some(lifetime) = **key else {
        return;
    };
    if lifetime.is_zero() {
        key.at
            .mistake("0 would end it at once; remove the key for no end");
    }
    if let Some(session) = session.filter(|session| lifetime > *session) {
        let (session, lifetime) = (show_duration(session), show_duration(lifetime));
        key.at.mistake(format!(
            "{lifetime} is longer than `session_lifetime` ({session}), after which no token lives"
        ));
    }
}
