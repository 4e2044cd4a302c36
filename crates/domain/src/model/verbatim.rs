//! What another server said, word for word.

use std::fmt;

/// An answer of another server that a client receives as it is. The adapter that got it and the front
/// end that hands it on speak the same protocol; nothing in between looks inside.
#[derive(Clone, PartialEq, Eq)]
pub struct Verbatim {
    code: u16,
    text: String,
}

impl Verbatim {
    /// An answer: how the protocol classes it, and its text, which is empty for one that is not of the
    /// protocol.
    pub fn new(code: u16, text: impl Into<String>) -> Self {
        Self {
            code,
            text: text.into(),
        }
    }

    /// How the protocol classes it.
    pub fn code(&self) -> u16 {
        self.code
    }

    /// Its text.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for Verbatim {
    /// The text may name people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Verbatim({}, …)", self.code)
    }
}
