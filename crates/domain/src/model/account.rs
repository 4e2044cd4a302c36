//! Accounts.

use crate::model::id::Localpart;
use crate::model::password::PasswordHash;
use crate::model::time::Timestamp;

/// What an account is for the access rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountKind {
    /// A person, or an application service's ghost.
    User,
    /// A guest: no password, one device, a number for a name, until it is upgraded.
    Guest,
}

/// A display name that an administrator gives an account. The empty one stands for none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountDisplayName(String);

/// The string cannot be the display name of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a display name must have at most {} characters, none of them NUL",
    AccountDisplayName::MAX_CHARS
)]
pub struct AccountDisplayNameError;

impl AccountDisplayName {
    /// The longest display name, in Unicode code points.
    pub const MAX_CHARS: usize = 256;

    /// Takes a display name.
    ///
    /// # Errors
    /// [`AccountDisplayNameError`].
    pub fn parse(text: &str) -> Result<Self, AccountDisplayNameError> {
        if text.contains('\0') || text.chars().count() > Self::MAX_CHARS {
            return Err(AccountDisplayNameError);
        }
        Ok(Self(text.to_owned()))
    }

    /// The name; `None` for the empty one.
    pub fn as_option(&self) -> Option<&str> {
        Some(self.0.as_str()).filter(|name| !name.is_empty())
    }
}

/// A stored account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Who it is.
    pub localpart: Localpart,
    /// User or guest.
    pub kind: AccountKind,
    /// How its password is checked; `None` for guests, for application services' accounts and
    /// after deactivation.
    pub password_hash: Option<PasswordHash>,
    /// The password it had when it was deactivated, which opens nothing: who knows it learns that the
    /// account is deactivated, and nobody else does.
    pub former_password_hash: Option<PasswordHash>,
    /// When it was created.
    pub created: Timestamp,
    /// When a guest became a user.
    pub upgraded: Option<Timestamp>,
    /// May it use the admin API?
    pub admin: bool,
    /// The application service that owns it exclusively.
    pub appservice_id: Option<String>,
    /// The name shown to others.
    pub display_name: Option<String>,
    /// `support`, `bot`, or a type that the operator configured.
    pub user_type: Option<String>,
    /// The version of the policies it agreed to.
    pub consent_version: Option<String>,
    /// When its owner agreed to them.
    pub consented: Option<Timestamp>,
    /// It keeps its name and can do nothing.
    pub deactivated: bool,
    /// It was deactivated with the request to erase what its owner left behind.
    pub erased: bool,
    /// An administrator suspended it. What that forbids is a homeserver's business: here it is
    /// kept and shown.
    pub suspended: bool,
    /// Invisible to others without knowing it.
    pub shadow_banned: bool,
    /// When its owner was last seen on any device, also on one that is gone; coarse, see
    /// [`crate::usecase::token::authenticate`].
    pub last_seen: Option<Timestamp>,
}

impl Account {
    /// A new account with every other property at its default.
    pub fn new(localpart: Localpart, kind: AccountKind, created: Timestamp) -> Self {
        Self {
            display_name: Some(localpart.to_string()),
            localpart,
            kind,
            password_hash: None,
            former_password_hash: None,
            created,
            upgraded: None,
            admin: false,
            appservice_id: None,
            user_type: None,
            consent_version: None,
            consented: None,
            deactivated: false,
            erased: false,
            suspended: false,
            shadow_banned: false,
            last_seen: None,
        }
    }
}
