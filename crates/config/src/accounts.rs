//! What accounts may be, and who sees them.

use registrar_domain::model::policy::{AccountPolicy, ProfileReaders, UserTypes};

use super::keys::{Keys as _, keys};
use super::section::Section;
use super::types::values;

keys! {
    pub(crate) struct AccountKeys {
        /// Reading a profile needs an access token of a user.
        require_auth_for_profile_requests: bool = "false",
        /// Together with the option above, users read their own profile only, since there are no rooms
        /// here.
        limit_profile_requests_to_users_who_share_rooms: bool = "false",
        /// The types of accounts, beside `bot` and `support`.
        user_types: UserTypeKeys,
    }
}

keys! {
    pub(crate) struct UserTypeKeys {
        /// Further types that administrators can give to accounts.
        extra_user_types: Vec<String> = "[]",
        /// The type of new accounts with a chosen name; must be one of the types.
        default_user_type: Option<String>,
    }
}

pub(crate) fn read(root: &Section<'_>) -> AccountPolicy {
    let keys = AccountKeys::read(root);
    let limited = &keys.limit_profile_requests_to_users_who_share_rooms;
    let profiles = match (*keys.require_auth_for_profile_requests, **limited) {
        (false, _) => ProfileReaders::Everybody,
        (true, false) => ProfileReaders::Users,
        (true, true) => ProfileReaders::Nobody,
    };
    if **limited && profiles == ProfileReaders::Everybody {
        limited
            .at
            .warn("has no effect without `require_auth_for_profile_requests: true`");
    }
    let default = &keys.user_types.default_user_type;
    let user_types = UserTypes {
        extra: values(&keys.user_types.extra_user_types),
        default: default.cloned(),
    };
    if let Some(name) = default.as_deref().filter(|name| !user_types.contains(name)) {
        let message = format!("`{name}` is neither built in nor one of `extra_user_types`");
        default.at.mistake(message);
    }
    AccountPolicy {
        profiles,
        user_types,
    }
}
