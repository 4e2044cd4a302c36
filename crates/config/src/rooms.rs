//! `auto_join_*`: a homeserver's business, checked here because it would not start with a mistake.

use registrar_domain::model::id::ServerName;

use super::key::{Key, Kind};
use super::section::Section;

pub(super) const KEYS: &[Key] = &[
    Key::new(
        "auto_join_rooms",
        Kind::List(&Kind::Text),
        "Aliases of rooms.",
    )
    .or("[]")
    .inert(),
    Key::new(
        "autocreate_auto_join_rooms",
        Kind::Flag,
        "Make rooms that do not exist.",
    )
    .or("true")
    .inert(),
    Key::new(
        "autocreate_auto_join_rooms_federated",
        Kind::Flag,
        "Let other servers in.",
    )
    .or("true")
    .inert(),
    Key::new(
        PRESET,
        Kind::Choice(&["public_chat", "private_chat", "trusted_private_chat"]),
        "Settings of those rooms. The private ones need `auto_join_mxid_localpart`.",
    )
    .or("public_chat")
    .inert(),
    Key::new(
        "auto_join_mxid_localpart",
        Kind::Text,
        "Who makes the rooms and invites.",
    )
    .inert(),
    Key::new("auto_join_rooms_for_guests", Kind::Flag, "Guests, too.")
        .or("true")
        .inert(),
    Key::new(
        "autocreate_auto_join_room_name",
        Kind::Text,
        "For a homeserver.",
    )
    .inert(),
];

const PRESET: &str = "autocreate_auto_join_room_preset";

/// Checks the options; nothing comes of them.
pub(super) fn check(root: &Section<'_>) {
    for (index, alias) in root.texts("auto_join_rooms").iter().enumerate() {
        if !is_alias(alias) {
            root.mistake(
                &format!("auto_join_rooms[{index}]"),
                format!("`{alias}` is not a room alias such as `#welcome:example.org`"),
            );
        }
    }
    for flag in [
        "autocreate_auto_join_rooms",
        "autocreate_auto_join_rooms_federated",
        "auto_join_rooms_for_guests",
    ] {
        root.flag(flag);
    }
    let invites = root
        .choice(PRESET)
        .is_some_and(|preset| preset != "public_chat");
    if invites && root.text("auto_join_mxid_localpart").is_none() {
        root.mistake(
            "auto_join_mxid_localpart",
            format!("is required by this `{PRESET}`: somebody has to invite"),
        );
    }
}

fn is_alias(text: &str) -> bool {
    text.strip_prefix('#')
        .and_then(|rest| rest.split_once(':'))
        .is_some_and(|(name, server)| !name.is_empty() && ServerName::parse(server).is_ok())
}
