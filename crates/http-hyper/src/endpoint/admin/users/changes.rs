//! The fields of an account as it shall be, in the order in which Synapse complains about them.

use std::collections::BTreeSet;

use registrar_domain::model::account::AccountDisplayName;
use registrar_domain::model::threepid::Threepid;
use registrar_domain::ports::store::Change;
use registrar_domain::usecase::admin::change::{UserChanges, UserType};
use registrar_domain::usecase::admin::{AssignedPassword, ExistingLogins, UserAdmin};

use crate::error::{FieldError, MatrixError};
use crate::request::{Field, Fields, field};

/// Reads the body of `PUT /_synapse/admin/v2/users/{userId}`.
pub(super) fn read(users: &UserAdmin, body: Fields<'_>) -> Result<UserChanges, MatrixError> {
    let threepids = threepids(body)?;
    let external_ids = field(body, "external_ids", Fields::length);
    if external_ids.optional(FieldError::Malformed)? > Some(0) {
        return Err(FieldError::Unsupported("external_ids").into());
    }
    let user_type = user_type(users, body)?;
    let admin = field(body, "admin", Fields::boolean).optional_not_null(FieldError::NotBoolean)?;
    let password = assigned_password(body, "password").optional(FieldError::BadValue)?;
    let existing_logins = existing_logins(body)?;
    let deactivated = switch(body, "deactivated")?;
    // An operator who locks somebody relies on it, so the request cannot be passed over.
    if switch(body, "locked")? == Some(true) {
        return Err(FieldError::Unsupported("locked").into());
    }
    Ok(UserChanges {
        password,
        existing_logins,
        display_name: display_name(body)?,
        threepids,
        admin,
        deactivated,
        user_type,
    })
}

/// A password that shall be set.
pub(in crate::endpoint::admin) fn assigned_password(
    body: Fields<'_>,
    name: &'static str,
) -> Field<AssignedPassword> {
    field(body, name, Fields::string).parsed(|text| AssignedPassword::parse(&text).ok())
}

/// `logout_devices`: do all logins end with a new password? They do unless told otherwise.
pub(in crate::endpoint::admin) fn existing_logins(
    body: Fields<'_>,
) -> Result<ExistingLogins, FieldError> {
    Ok(match switch(body, "logout_devices")? {
        Some(true) | None => ExistingLogins::End,
        Some(false) => ExistingLogins::Keep,
    })
}

fn switch(body: Fields<'_>, name: &'static str) -> Result<Option<bool>, FieldError> {
    field(body, name, Fields::boolean).optional_not_null(FieldError::BadValue)
}

fn threepids(body: Fields<'_>) -> Result<Option<BTreeSet<Threepid>>, FieldError> {
    let items = field(body, "threepids", |body, name| {
        body.objects(name, |item| (item.string("medium"), item.string("address")))
    });
    let Some(items) = items.optional(FieldError::Malformed)? else {
        return Ok(None);
    };
    let are_complete = items
        .iter()
        .all(|(medium, address)| medium.is_present() && address.is_present());
    if !are_complete {
        return Err(FieldError::Missing("threepids"));
    }
    let threepids = items
        .iter()
        .map(|(medium, address)| Threepid::parse(medium.value()?, address.value()?));
    let threepids: Option<_> = threepids.collect();
    threepids.map(Some).ok_or(FieldError::BadThreepid)
}

fn user_type(users: &UserAdmin, body: Fields<'_>) -> Result<Change<Option<UserType>>, MatrixError> {
    let name = field(body, "user_type", Fields::string).nullable(FieldError::BadValue)?;
    let user_type = name.map(|name| name.map(|name| users.user_type(&name)).transpose());
    Ok(user_type.transpose()?)
}

fn display_name(body: Fields<'_>) -> Result<Change<Option<AccountDisplayName>>, FieldError> {
    let name = field(body, "displayname", Fields::string).nullable(FieldError::Malformed)?;
    let name = name.map(|name| {
        name.map(|name| AccountDisplayName::parse(&name))
            .transpose()
    });
    let name = name.transpose();
    name.map_err(|_| FieldError::BadValue("displayname"))
}
