use std::fmt;

use super::{ServerName, UserId};

/// The local part of a user ID: `alice` in `@alice:example.org`.
///
/// Spec: <https://spec.matrix.org/v1.16/appendices/#user-identifiers>
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Localpart(String);

/// The operator's choices about new localparts.
#[derive(Clone, Copy, Debug, Default)]
pub struct CreateRules {
    /// `allow_underscore_prefixed_localpart`: may a new localpart begin with `_`?
    pub allow_underscore_prefix: bool,
}

/// Why a localpart is refused. The order of the variants is the order of the checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LocalpartError {
    /// A character outside `a-z 0-9 . _ = - / +`.
    #[error("a username may contain only a-z, 0-9 and the characters . _ = - / +")]
    Characters,
    /// No character at all.
    #[error("a username cannot be empty")]
    Empty,
    /// A leading underscore, which the operator keeps for application services.
    #[error("a username may not begin with an underscore")]
    LeadingUnderscore,
    /// The whole user ID is longer than [`UserId::MAX_BYTES`].
    #[error("the user ID may not be longer than {} bytes", UserId::MAX_BYTES)]
    TooLong,
}

impl Localpart {
    /// Parses the localpart of an account that is about to be created: characters, empty, leading
    /// underscore, in that order. Its length is checked later, against a server name
    /// ([`Localpart::check_length`]), because other refusals come in between.
    ///
    /// # Errors
    /// The first rule that the text breaks.
    pub fn create(text: &str, rules: CreateRules) -> Result<Self, LocalpartError> {
        if !text.bytes().all(is_allowed) {
            return Err(LocalpartError::Characters);
        }
        if text.is_empty() {
            return Err(LocalpartError::Empty);
        }
        if text.starts_with('_') && !rules.allow_underscore_prefix {
            return Err(LocalpartError::LeadingUnderscore);
        }
        Ok(Self(text.to_owned()))
    }

    /// Reads the localpart of an account that may exist: anything that could stand in a user ID,
    /// historical ones included. `None` for text that no account can carry.
    pub fn read(text: &str) -> Option<Self> {
        let plausible = !text.is_empty()
            && text.len() <= UserId::MAX_BYTES
            && !text.contains(':')
            && !text.chars().any(char::is_control);
        plausible.then(|| Self(text.to_owned()))
    }

    /// A localpart made by the server itself for an account whose owner named none.
    pub fn numbered(number: u64) -> Self {
        Self(number.to_string())
    }

    /// Is the whole user ID short enough?
    ///
    /// # Errors
    /// [`LocalpartError::TooLong`].
    pub fn check_length(&self, server_name: &ServerName) -> Result<(), LocalpartError> {
        let user_id_bytes = self.0.len() + server_name.as_str().len() + "@:".len();
        if user_id_bytes > UserId::MAX_BYTES {
            Err(LocalpartError::TooLong)
        } else {
            Ok(())
        }
    }

    /// Is it made of digits only? Such names are reserved for accounts that the server numbers.
    pub fn is_numeric(&self) -> bool {
        self.0.bytes().all(|b| b.is_ascii_digit())
    }

    /// The form under which two localparts count as the same name: lower case.
    pub fn folded(&self) -> String {
        self.0.to_lowercase()
    }

    /// The localpart as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_allowed(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._=-/+".contains(&byte)
}

impl fmt::Display for Localpart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_localparts() {
        let strict = CreateRules::default();
        let lax = CreateRules {
            allow_underscore_prefix: true,
        };
        let rows: &[(&str, CreateRules, Result<(), LocalpartError>)] = &[
            ("alice", strict, Ok(())),
            ("a.b_c=d-e/f+g0", strict, Ok(())),
            (".", strict, Ok(())),
            ("Alice", strict, Err(LocalpartError::Characters)),
            ("a b", strict, Err(LocalpartError::Characters)),
            ("a:b", strict, Err(LocalpartError::Characters)),
            ("a\0b", strict, Err(LocalpartError::Characters)),
            ("аbc", strict, Err(LocalpartError::Characters)),
            ("_É", strict, Err(LocalpartError::Characters)),
            ("", strict, Err(LocalpartError::Empty)),
            ("_x", strict, Err(LocalpartError::LeadingUnderscore)),
            ("_x", lax, Ok(())),
        ];
        for (text, rules, expected) in rows {
            assert_eq!(
                Localpart::create(text, *rules).map(|_| ()),
                *expected,
                "{text:?}"
            );
        }
    }

    #[test]
    fn length_counts_the_whole_user_id() {
        let server = ServerName::parse("oracle.test").unwrap();
        let longest = "x".repeat(255 - "@:oracle.test".len());
        let rules = CreateRules::default();
        assert!(
            Localpart::create(&longest, rules)
                .unwrap()
                .check_length(&server)
                .is_ok()
        );
        let longer = longest + "x";
        assert!(
            Localpart::create(&longer, rules)
                .unwrap()
                .check_length(&server)
                .is_err()
        );
    }

    #[test]
    fn historical_localparts_can_be_read() {
        assert!(Localpart::read("Älice").is_some());
        for junk in ["", "a:b", "a\0b", "a\nb", &"x".repeat(256)] {
            assert!(Localpart::read(junk).is_none(), "{junk:?}");
        }
    }

    #[test]
    fn numeric() {
        let is_numeric = |text| Localpart::read(text).unwrap().is_numeric();
        assert!(is_numeric("007"));
        assert!(!is_numeric("-5"));
        assert!(!is_numeric("1_0"));
    }
}
