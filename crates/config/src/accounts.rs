//! What accounts may be, and who sees them.

use registrar_domain::model::policy::{AccountPolicy, ProfileReaders, UserTypes};

use super::key::{Key, Kind};
use super::section::Section;

const REQUIRE_AUTH: &str = "require_auth_for_profile_requests";
const LIMIT_TO_ROOMS: &str = "limit_profile_requests_to_users_who_share_rooms";

pub(super) const KEYS: &[Key] = &[
    Key::new(
        REQUIRE_AUTH,
        Kind::Flag,
        "Reading a profile needs an access token of a user.",
    )
    .or("false"),
    Key::new(
        LIMIT_TO_ROOMS,
        Kind::Flag,
        "Beside the option above: since there are no rooms here, users read their own profile only.",
    )
    .or("false"),
    Key::new(
        "user_types",
        Kind::Section(USER_TYPES),
        "What accounts can be, beside `bot` and `support`.",
    ),
];

const USER_TYPES: &[Key] = &[
    Key::new(
        "extra_user_types",
        Kind::List(&Kind::Text),
        "Further types that administrators can give to accounts.",
    )
    .or("[]"),
    Key::new(
        "default_user_type",
        Kind::Text,
        "The type of new accounts with a chosen name; must be one of the types.",
    ),
];

/// Reads the section.
pub(super) fn read(root: &Section<'_>) -> AccountPolicy {
    let (requires_auth, limits_to_rooms) = (root.flag(REQUIRE_AUTH), root.flag(LIMIT_TO_ROOMS));
    let profiles = match (requires_auth, limits_to_rooms) {
        (false, false) => ProfileReaders::Everybody,
        (false, true) => {
            root.warning(
                LIMIT_TO_ROOMS,
                format!("has no effect without `{REQUIRE_AUTH}: true`"),
            );
            ProfileReaders::Everybody
        }
        (true, false) => ProfileReaders::Users,
        (true, true) => ProfileReaders::Nobody,
    };
    let section = root.section("user_types");
    let mut user_types = UserTypes {
        extra: section.texts("extra_user_types"),
        default: None,
    };
    if let Some(default) = section.text("default_user_type") {
        if !user_types.contains(&default) {
            section.mistake(
                "default_user_type",
                format!("`{default}` is neither built in nor one of `extra_user_types`"),
            );
        }
        user_types.default = Some(default);
    }
    AccountPolicy {
        profiles,
        user_types,
    }
}
