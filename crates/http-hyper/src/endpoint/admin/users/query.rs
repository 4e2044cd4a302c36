//! The arguments of `GET /_synapse/admin/v2/users` and `/v3/users`.

use registrar_domain::ports::store::{AccountOrder, Direction};
use registrar_domain::usecase::admin::list::{UserQuery, UserSearch};

use crate::error::FieldError;
use crate::request::{Arguments, Field, field};

/// What `deactivated` means.
#[derive(Clone, Copy)]
pub(super) enum ListVersion {
    /// `true`: deactivated accounts too. Otherwise: without them.
    V2,
    /// `true`: deactivated accounts only. `false`: without them. Absent: all accounts.
    V3,
}

pub(super) fn read(
    arguments: Arguments<'_>,
    version: ListVersion,
) -> Result<UserQuery, FieldError> {
    let default = UserQuery::default();
    let wrong = FieldError::Malformed;
    let flag = |name| field(arguments, name, Arguments::boolean).optional(wrong);
    // There is nothing to filter, but what cannot be read is refused nevertheless.
    flag("locked")?;
    let deactivated = flag("deactivated")?;
    let order = field(arguments, "order_by", Arguments::get).parsed(|name| order(&name));
    let direction = field(arguments, "dir", Arguments::get).parsed(|name| direction(&name));
    Ok(UserQuery {
        from: number(arguments, "from")
            .optional(wrong)?
            .unwrap_or(default.from),
        limit: number(arguments, "limit")
            .optional(wrong)?
            .unwrap_or(default.limit),
        search: search(arguments)?,
        guests: flag("guests")?.filter(|with_guests| !with_guests),
        deactivated: match version {
            ListVersion::V2 => (deactivated != Some(true)).then_some(false),
            ListVersion::V3 => deactivated,
        },
        admins: flag("admins")?,
        order: order.optional(wrong)?.unwrap_or_default(),
        direction: direction.optional(wrong)?.unwrap_or_default(),
        without_user_types: without_user_types(arguments)?,
    })
}

/// A number that is not negative.
fn number(arguments: Arguments<'_>, name: &'static str) -> Field<u64> {
    field(arguments, name, Arguments::integer).parsed(|number| u64::try_from(number).ok())
}

/// A name is looked for rather than a user ID.
fn search(arguments: Arguments<'_>) -> Result<Option<UserSearch>, FieldError> {
    let user_id = part(arguments, "user_id")?.map(UserSearch::UserId);
    let name = part(arguments, "name")?.map(UserSearch::Name);
    Ok(name.or(user_id))
}

/// A string to look for; the empty one is found everywhere, and no database can hold a NUL.
fn part(arguments: Arguments<'_>, name: &'static str) -> Result<Option<String>, FieldError> {
    let text = field(arguments, name, Arguments::text)
        .parsed(|text| Some(text).filter(|text| !text.contains('\0')))
        .optional(FieldError::Malformed)?;
    Ok(text.filter(|text| !text.is_empty()))
}

/// The types that are not wanted; the empty string stands for accounts without a type.
fn without_user_types(arguments: Arguments<'_>) -> Result<Vec<Option<String>>, FieldError> {
    let types = field(arguments, "not_user_type", Arguments::texts);
    let types = types.optional(FieldError::Malformed)?.unwrap_or_default();
    let types = types.into_iter();
    Ok(types
        .map(|name| Some(name).filter(|name| !name.is_empty()))
        .collect())
}

fn order(name: &str) -> Option<AccountOrder> {
    Some(match name {
        // Nobody has a picture here, and nobody is locked: by the name, then.
        "name" | "avatar_url" | "locked" => AccountOrder::Localpart,
        "displayname" => AccountOrder::DisplayName,
        "is_guest" => AccountOrder::Guest,
        "admin" => AccountOrder::Admin,
        "deactivated" => AccountOrder::Deactivated,
        "user_type" => AccountOrder::UserType,
        "shadow_banned" => AccountOrder::ShadowBanned,
        "creation_ts" => AccountOrder::Created,
        "last_seen_ts" => AccountOrder::LastSeen,
        _ => return None,
    })
}

fn direction(name: &str) -> Option<Direction> {
    match name {
        "f" => Some(Direction::Forwards),
        "b" => Some(Direction::Backwards),
        _ => None,
    }
}
