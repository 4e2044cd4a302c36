//! `auto_join_*`: a homeserver's business, checked here because it would not start with a mistake.

use registrar_domain::model::id::ServerName;

use super::keys::{Keys as _, keys};
use super::section::Section;
use super::types::{Checked, Choice, Inert, OneOf};

keys! {
    pub(crate) struct RoomKeys {
        /// Aliases of rooms.
        auto_join_rooms: Checked<Vec<String>> = "[]",
        /// The preset of those rooms. The private ones need `auto_join_mxid_localpart`.
        autocreate_auto_join_room_preset: Checked<OneOf<Preset>> = "public_chat",
        /// The user who creates the rooms and invites.
        auto_join_mxid_localpart: Checked<Option<String>>,
    }
    unused {
        /// Create rooms that do not exist.
        autocreate_auto_join_rooms: Checked<bool> = "true",
        /// Open these rooms to other servers.
        autocreate_auto_join_rooms_federated: Checked<bool> = "true",
        /// Guests join, too.
        auto_join_rooms_for_guests: Checked<bool> = "true",
        /// For a homeserver.
        autocreate_auto_join_room_name: Inert<String>,
    }
}

/// Settings of a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Preset {
    Public,
    Private,
    TrustedPrivate,
}

impl Choice for Preset {
    const WORDS: &'static [&'static str] = &["public_chat", "private_chat", "trusted_private_chat"];
    const VALUES: &'static [Self] = &[Self::Public, Self::Private, Self::TrustedPrivate];
}

/// Checks the options; nothing comes of them.
pub(crate) fn check(root: &Section<'_>) {
    let keys = RoomKeys::read(root);
    for alias in keys.auto_join_rooms.iter().filter(|it| !is_alias(it)) {
        let message = format!(
            "`{}` is not a room alias such as `#welcome:example.org`",
            **alias
        );
        alias.at.mistake(message);
    }
    if *keys.autocreate_auto_join_room_preset != Preset::Public {
        keys.auto_join_mxid_localpart.require(
            "is required by this `autocreate_auto_join_room_preset`: somebody has to invite",
        );
    }
}

fn is_alias(text: &str) -> bool {
    text.strip_prefix('#')
        .and_then(|rest| rest.split_once(':'))
        .is_some_and(|(name, server)| !name.is_empty() && ServerName::parse(server).is_ok())
}
