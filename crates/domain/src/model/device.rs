//! Devices: what an access token belongs to.

use crate::model::id::{DeviceId, Localpart};
use crate::model::time::Timestamp;

/// The name a client gives its device, at most [`DisplayName::MAX_CHARS`] characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisplayName(String);

/// The text cannot be a device's display name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DisplayNameError {
    /// Longer than [`DisplayName::MAX_CHARS`].
    #[error(
        "a device display name may not be longer than {} characters",
        DisplayName::MAX_CHARS
    )]
    TooLong,
    /// A NUL character, which PostgreSQL cannot store.
    #[error("a device display name may not contain a NUL character")]
    Nul,
}

impl DisplayName {
    /// The longest display name, in Unicode code points.
    pub const MAX_CHARS: usize = 100;

    /// Takes a display name as the client wrote it.
    ///
    /// # Errors
    /// [`DisplayNameError`] for text that is too long or cannot be stored.
    pub fn parse(text: &str) -> Result<Self, DisplayNameError> {
        if text.chars().count() > Self::MAX_CHARS {
            return Err(DisplayNameError::TooLong);
        }
        if text.contains('\0') {
            return Err(DisplayNameError::Nul);
        }
        Ok(Self(text.to_owned()))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A stored device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Whose device it is.
    pub localpart: Localpart,
    /// Its identifier, unique among the devices of one account.
    pub device_id: DeviceId,
    /// What the client called it.
    pub display_name: Option<String>,
    /// When it was first seen.
    pub created: Timestamp,
    /// When it last made a request; coarse, see [`crate::usecase::token::authenticate`].
    pub last_seen: Timestamp,
    /// The address of that request.
    pub last_seen_ip: Option<String>,
    /// The `User-Agent` of that request.
    pub last_seen_user_agent: Option<String>,
}
