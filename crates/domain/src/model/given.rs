//! [`Given`]: a field as the client sent it.

/// A field of a request, before anyone has complained about it.
///
/// Clients can tell the order in which the server complains, and that order mixes the shape of
/// fields with the state of the server. So decoding never fails for a single field: it hands on what
/// it saw, and the use-case refuses at the step where Synapse does.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Given<T> {
    /// The key is not there.
    #[default]
    Absent,
    /// The key is there and its value is JSON `null`.
    Null,
    /// The value is of another type, or cannot be read.
    Malformed,
    /// The value.
    Value(T),
}

impl<T> Given<T> {
    /// The value, with `null` counting as absent, or this error for a value of another type.
    ///
    /// # Errors
    /// `malformed`.
    pub fn optional<E>(&self, malformed: E) -> Result<Option<&T>, E> {
        match self {
            Self::Absent | Self::Null => Ok(None),
            Self::Malformed => Err(malformed),
            Self::Value(value) => Ok(Some(value)),
        }
    }

    /// The value, where only a missing key counts as absent, or this error for `null` and for a value
    /// of another type.
    ///
    /// # Errors
    /// `malformed`.
    pub fn optional_not_null<E>(&self, malformed: E) -> Result<Option<&T>, E> {
        match self {
            Self::Null => Err(malformed),
            other => other.optional(malformed),
        }
    }

    /// The value of a field that must be there, where `null` is a value of another type.
    ///
    /// # Errors
    /// `missing` without the key, `malformed` for a value of another type.
    pub fn present<E>(&self, missing: E, malformed: E) -> Result<&T, E> {
        match self.optional_not_null(malformed)? {
            Some(value) => Ok(value),
            None => Err(missing),
        }
    }

    /// Is the key there, with whatever value?
    pub fn is_present(&self) -> bool {
        !matches!(self, Self::Absent)
    }

    /// The value if there is a readable one.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::Null | Self::Malformed => None,
        }
    }
}

impl Given<String> {
    /// The string of a field that must be there; `null` and the empty string count as missing.
    ///
    /// # Errors
    /// `missing`, or `malformed` for a value of another type.
    pub fn required<E>(&self, missing: E, malformed: E) -> Result<&str, E> {
        match self.optional(malformed)? {
            Some(text) if !text.is_empty() => Ok(text),
            Some(_) | None => Err(missing),
        }
    }
}

impl<T> From<Option<T>> for Given<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Absent, Self::Value)
    }
}
