use std::fmt;

use crate::model::entropy::Entropy;

/// The identifier of a device, chosen by the client or made up here. Opaque to the server.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeviceId(String);

/// The text cannot be a device ID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DeviceIdError {
    /// Longer than [`DeviceId::MAX_CHARS`].
    #[error(
        "a device ID may not be longer than {} characters",
        DeviceId::MAX_CHARS
    )]
    TooLong,
    /// A NUL character, which PostgreSQL cannot store.
    #[error("a device ID may not contain a NUL character")]
    Nul,
}

impl DeviceId {
    /// The longest device ID, in Unicode code points (the limit that `/login` states).
    pub const MAX_CHARS: usize = 512;

    /// Takes a device ID as the client wrote it. The empty string is a device ID like any other.
    ///
    /// # Errors
    /// [`DeviceIdError`] for text that is too long or cannot be stored.
    pub fn parse(text: &str) -> Result<Self, DeviceIdError> {
        if text.chars().count() > Self::MAX_CHARS {
            return Err(DeviceIdError::TooLong);
        }
        if text.contains('\0') {
            return Err(DeviceIdError::Nul);
        }
        Ok(Self(text.to_owned()))
    }

    /// Makes up a device ID: ten upper-case letters (about 47 bits).
    pub fn generate(entropy: &dyn Entropy) -> Self {
        Self(crate::model::secret::random_text(
            entropy,
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZ",
            10,
        ))
    }

    /// The device ID of every guest.
    pub fn guest() -> Self {
        Self("guest_device".to_owned())
    }

    /// The device ID as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
