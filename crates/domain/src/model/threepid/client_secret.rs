/// The secret with which a client guards a validation session: 1 to 255 of `0-9 a-z A-Z . = _ -`.
///
/// Spec: <https://spec.matrix.org/v1.16/appendices/#opaque-identifiers>
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ClientSecret(String);

/// The text is not a client secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a client secret is 1 to 255 characters of 0-9, a-z, A-Z and . = _ -")]
pub struct ClientSecretError;

impl ClientSecret {
    /// Parses a client secret.
    ///
    /// # Errors
    /// [`ClientSecretError`].
    pub fn parse(text: &str) -> Result<Self, ClientSecretError> {
        let is_allowed = |b: u8| b.is_ascii_alphanumeric() || b".=_-".contains(&b);
        if (1..=255).contains(&text.len()) && text.bytes().all(is_allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(ClientSecretError)
        }
    }

    /// The secret as text.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ClientSecret(…)")
    }
}

/// The `sid` of a validation session, ours or an identity server's.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ValidationSessionId(String);

impl ValidationSessionId {
    /// The longest `sid` that is looked up, in bytes. Longer ones are unknown without asking.
    const MAX_BYTES: usize = 255;

    /// Takes a `sid` as its maker wrote it.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Takes a `sid` from a client; `None` for text that cannot be one of this server's.
    pub fn read(text: &str) -> Option<Self> {
        let plausible = text.len() <= Self::MAX_BYTES && text.bytes().all(|b| b.is_ascii_graphic());
        plausible.then(|| Self::new(text))
    }

    /// The `sid` as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grammar() {
        let longest = "s".repeat(255);
        for good in ["a", "0Z.=_-", &longest] {
            assert!(ClientSecret::parse(good).is_ok(), "{good}");
        }
        let longer = "s".repeat(256);
        for bad in ["", "a+b", "a%b", "a\n", "ü", "a b", &longer] {
            assert!(ClientSecret::parse(bad).is_err(), "{bad:?}");
        }
    }
}
