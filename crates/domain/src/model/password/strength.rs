//! The operator's `password_config.policy`.
//!
//! See `docs/BEHAVIOR.md` §1.6; served as `GET /password_policy`.

/// What a new password must contain. Each rule is off unless the operator set it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StrengthRules {
    /// `minimum_length`, in Unicode code points.
    pub minimum_length: Option<usize>,
    /// `require_digit`: one of `0-9`.
    pub require_digit: Option<bool>,
    /// `require_symbol`: something outside `a-z A-Z 0-9`; letters beyond ASCII count.
    pub require_symbol: Option<bool>,
    /// `require_lowercase`: one of `a-z`.
    pub require_lowercase: Option<bool>,
    /// `require_uppercase`: one of `A-Z`.
    pub require_uppercase: Option<bool>,
}

/// The first rule that a password breaks, in the order in which they are checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassword {
    /// `minimum_length`.
    #[error("the password must be at least {minimum_length} characters long")]
    TooShort {
        /// The operator's minimum, in Unicode code points.
        minimum_length: usize,
    },
    /// `require_digit`.
    #[error("the password must contain a digit")]
    NoDigit,
    /// `require_symbol`.
    #[error("the password must contain a symbol")]
    NoSymbol,
    /// `require_uppercase`.
    #[error("the password must contain an uppercase letter")]
    NoUppercase,
    /// `require_lowercase`.
    #[error("the password must contain a lowercase letter")]
    NoLowercase,
}

impl StrengthRules {
    /// Checks a new password: length, digit, symbol, upper case, lower case.
    ///
    /// # Errors
    /// The first rule that it breaks.
    pub fn check(&self, password: &str) -> Result<(), WeakPassword> {
        let lacks = |rule: Option<bool>, has: fn(char) -> bool| {
            rule == Some(true) && !password.chars().any(has)
        };
        let minimum_length = self.minimum_length.unwrap_or(0);
        if password.chars().count() < minimum_length {
            return Err(WeakPassword::TooShort { minimum_length });
        }
        if lacks(self.require_digit, |c| c.is_ascii_digit()) {
            return Err(WeakPassword::NoDigit);
        }
        if lacks(self.require_symbol, |c| !c.is_ascii_alphanumeric()) {
            return Err(WeakPassword::NoSymbol);
        }
        if lacks(self.require_uppercase, |c| c.is_ascii_uppercase()) {
            return Err(WeakPassword::NoUppercase);
        }
        if lacks(self.require_lowercase, |c| c.is_ascii_lowercase()) {
            return Err(WeakPassword::NoLowercase);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_checked_in_order() {
        let all = StrengthRules {
            minimum_length: Some(5),
            require_digit: Some(true),
            require_symbol: Some(true),
            require_lowercase: Some(true),
            require_uppercase: Some(true),
        };
        let rows: &[(&str, Result<(), WeakPassword>)] = &[
            ("", Err(WeakPassword::TooShort { minimum_length: 5 })),
            ("üüüü", Err(WeakPassword::TooShort { minimum_length: 5 })),
            ("abcde", Err(WeakPassword::NoDigit)),
            ("abcd1", Err(WeakPassword::NoSymbol)),
            ("abc!1", Err(WeakPassword::NoUppercase)),
            ("ABC!1", Err(WeakPassword::NoLowercase)),
            ("aBü12", Ok(())),
            ("aB١!!", Err(WeakPassword::NoDigit)),
        ];
        for (password, expected) in rows {
            assert_eq!(all.check(password), *expected, "{password:?}");
        }
        assert_eq!(StrengthRules::default().check(""), Ok(()));
    }
}
