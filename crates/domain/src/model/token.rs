//! Access and refresh tokens: their strings and their records.
//!
//! The text carries a checksum, so that junk is refused without a database read. The database holds
//! digests only ([`TokenDigest`]).
//!
//! Spec: <https://spec.matrix.org/v1.16/client-server-api/#refreshing-access-tokens>

mod text;

pub use text::{AccessToken, Lineage, RefreshToken};

use crate::model::id::{DeviceId, Localpart};
use crate::model::secret::TokenDigest;
use crate::model::time::Timestamp;

/// The database's number of a refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RefreshTokenKey(pub i64);

/// The database's number of an access token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AccessTokenKey(pub i64);

/// An access token about to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAccessToken {
    /// What the bearer will be recognized by.
    pub digest: TokenDigest,
    /// Whom it speaks for.
    pub localpart: Localpart,
    /// The device it belongs to; it dies with the device.
    pub device_id: Option<DeviceId>,
    /// When it was issued. Also the moment its owner last proved who they are.
    pub issued: Timestamp,
    /// When it stops working; `None` for never.
    pub expires: Option<Timestamp>,
    /// The refresh token issued beside it; it dies with it.
    pub refresh_token: Option<RefreshTokenKey>,
    /// The administrator who speaks for the account with it. It belongs to them and ends with their
    /// logins, not with those of the account.
    pub made_by: Option<Localpart>,
}

/// A stored access token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredAccessToken {
    /// Its number.
    pub key: AccessTokenKey,
    /// Whom it speaks for.
    pub localpart: Localpart,
    /// The device it belongs to.
    pub device_id: Option<DeviceId>,
    /// When its owner last proved who they are: at issue, or by user-interactive authentication.
    pub validated: Timestamp,
    /// When it stops working; `None` for never.
    pub expires: Option<Timestamp>,
    /// The refresh token issued beside it.
    pub refresh_token: Option<RefreshTokenKey>,
    /// Has it ever been presented?
    pub used: bool,
    /// The administrator it belongs to, if it is not the account's own.
    pub made_by: Option<Localpart>,
}

impl StoredAccessToken {
    /// Does it belong to this account? A token belongs to the administrator who made it to speak for
    /// somebody, or else to the account that it speaks for.
    pub fn belongs_to(&self, localpart: &Localpart) -> bool {
        self.made_by.as_ref().unwrap_or(&self.localpart) == localpart
    }
}

/// A refresh token about to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRefreshToken {
    /// What it will be recognized by.
    pub digest: TokenDigest,
    /// Whom it speaks for.
    pub localpart: Localpart,
    /// The device it belongs to; it dies with the device.
    pub device_id: DeviceId,
    /// When it stops working; `None` for never.
    pub expires: Option<Timestamp>,
    /// When the whole login ends, however often it is refreshed; `None` for never.
    pub session_expires: Option<Timestamp>,
    /// Its family and generation, if its text says.
    pub lineage: Option<Lineage>,
}

/// The refresh tokens of one login, as far as they are still known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefreshFamily {
    /// Whom they speak for.
    pub localpart: Localpart,
    /// The device they belong to.
    pub device_id: DeviceId,
    /// The youngest generation.
    pub generation: u32,
}

/// A stored refresh token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRefreshToken {
    /// Its number.
    pub key: RefreshTokenKey,
    /// Whom it speaks for.
    pub localpart: Localpart,
    /// The device it belongs to.
    pub device_id: DeviceId,
    /// When it stops working; `None` for never.
    pub expires: Option<Timestamp>,
    /// When the whole login ends; `None` for never.
    pub session_expires: Option<Timestamp>,
    /// The refresh token that it was exchanged for.
    pub successor: Option<Successor>,
}

/// What became of the refresh token that an older one was exchanged for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Successor {
    /// Its number.
    pub key: RefreshTokenKey,
    /// The access token issued beside it has been presented: its receiver has it.
    pub access_token_used: bool,
    /// It has been exchanged in turn.
    pub rotated: bool,
}
