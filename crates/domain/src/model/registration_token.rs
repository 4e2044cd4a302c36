//! Registration tokens: the invitations of `m.login.registration_token`.
//!
//! A use is counted in two phases. Passing the stage *reserves* it (`pending`), registering
//! *completes* it, and a session that expires without having registered *releases* it. Each phase is a
//! guarded update in the transaction of what it belongs to, so no race can use a token more often than
//! allowed, and no crash can leave a reservation behind.
//!
//! Spec: <https://spec.matrix.org/v1.16/client-server-api/#token-authenticated-registration>

use crate::model::entropy::Entropy;
use crate::model::secret::random_text;
use crate::model::time::Timestamp;

/// The text of a registration token: 1 to 64 of `A-Z a-z 0-9 . _ ~ -`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RegistrationTokenId(String);

/// The text is not a registration token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a registration token is 1 to 64 characters of A-Z, a-z, 0-9 and . _ ~ -")]
pub struct RegistrationTokenError;

const ALPHABET: &[u8; 66] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._~-";

impl RegistrationTokenId {
    /// The longest token, in characters.
    pub const MAX_CHARS: usize = 64;

    /// Parses a token.
    ///
    /// # Errors
    /// [`RegistrationTokenError`].
    pub fn parse(text: &str) -> Result<Self, RegistrationTokenError> {
        let of_the_grammar = (1..=Self::MAX_CHARS).contains(&text.len())
            && text.bytes().all(|byte| ALPHABET.contains(&byte));
        if of_the_grammar {
            Ok(Self(text.to_owned()))
        } else {
            Err(RegistrationTokenError)
        }
    }

    /// Makes a random token.
    pub(crate) fn generate(entropy: &dyn Entropy, length: RegistrationTokenLength) -> Self {
        Self(random_text(entropy, ALPHABET, length.0))
    }

    /// The token as text.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// The length of a random registration token, in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RegistrationTokenLength(usize);

/// No registration token has this length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the length of a registration token is 1 to {} characters",
    RegistrationTokenId::MAX_CHARS
)]
pub struct RegistrationTokenLengthError;

impl RegistrationTokenLength {
    /// A length of so many characters.
    ///
    /// # Errors
    /// [`RegistrationTokenLengthError`].
    pub fn new(chars: usize) -> Result<Self, RegistrationTokenLengthError> {
        if (1..=RegistrationTokenId::MAX_CHARS).contains(&chars) {
            Ok(Self(chars))
        } else {
            Err(RegistrationTokenLengthError)
        }
    }
}

impl Default for RegistrationTokenLength {
    /// 16 characters: 96 bits, as in Synapse. People type it, and guesses are limited for the whole
    /// deployment.
    fn default() -> Self {
        Self(16)
    }
}

/// The database's number of a registration token. A token that is made under the string of a removed one
/// has another number, so uses are counted at the token that was used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RegistrationTokenKey(pub i64);

/// A registration token of which a UIA session holds a use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldRegistrationToken {
    /// Which one.
    pub key: RegistrationTokenKey,
    /// As the client sent it: it may send it again.
    pub id: RegistrationTokenId,
}

impl std::fmt::Debug for RegistrationTokenId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RegistrationTokenId(…)")
    }
}

/// A stored registration token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistrationToken {
    /// Its text.
    pub id: RegistrationTokenId,
    /// How many registrations it is good for; `None` for any number, zero for none.
    pub uses_allowed: Option<u32>,
    /// Uses reserved by sessions that have passed the stage and not registered yet.
    pub pending: u32,
    /// Uses that became accounts.
    pub completed: u32,
    /// Until when it is good, that moment included; `None` for ever.
    pub expires: Option<Timestamp>,
}

impl RegistrationToken {
    /// A token that nobody has used.
    pub fn new(
        id: RegistrationTokenId,
        uses_allowed: Option<u32>,
        expires: Option<Timestamp>,
    ) -> Self {
        Self {
            id,
            uses_allowed,
            pending: 0,
            completed: 0,
            expires,
        }
    }

    /// May another use be reserved at this moment?
    pub fn is_valid(&self, now: Timestamp) -> bool {
        let used = u64::from(self.pending) + u64::from(self.completed);
        self.uses_allowed
            .is_none_or(|allowed| used < u64::from(allowed))
            && self.expires.is_none_or(|expires| expires >= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::entropy::CountingEntropy;

    #[test]
    fn grammar() {
        let longest = "a".repeat(64);
        for good in ["a", "Az09._~-", &longest] {
            assert!(RegistrationTokenId::parse(good).is_ok(), "{good}");
        }
        let longer = "a".repeat(65);
        for bad in ["", "a b", "ä", "a\0", "a/b", &longer] {
            assert!(RegistrationTokenId::parse(bad).is_err(), "{bad:?}");
        }
        let length = RegistrationTokenLength::new(64).unwrap();
        let generated = RegistrationTokenId::generate(&CountingEntropy::default(), length);
        assert!(RegistrationTokenId::parse(generated.expose()).is_ok());
        assert_eq!(generated.expose().len(), 64);
    }

    #[test]
    fn lengths() {
        for (chars, expected) in [(0, false), (1, true), (64, true), (65, false)] {
            let length = RegistrationTokenLength::new(chars);
            assert_eq!(length.is_ok(), expected, "{chars}");
        }
    }

    #[test]
    fn validity() {
        let now = Timestamp::from_unix_ms(1000);
        let token = |uses_allowed, pending, completed, expires: Option<i64>| RegistrationToken {
            id: RegistrationTokenId::parse("t").unwrap(),
            uses_allowed,
            pending,
            completed,
            expires: expires.map(Timestamp::from_unix_ms),
        };
        let rows = [
            (token(None, 9, 9, None), true),
            (token(Some(0), 0, 0, None), false),
            (token(Some(2), 1, 0, None), true),
            (token(Some(2), 1, 1, None), false),
            (token(Some(1), 1, 1, None), false),
            (token(None, 0, 0, Some(1000)), true),
            (token(None, 0, 0, Some(999)), false),
            (token(Some(u32::MAX), u32::MAX, u32::MAX, None), false),
        ];
        for (token, expected) in rows {
            assert_eq!(token.is_valid(now), expected, "{token:?}");
        }
    }
}
