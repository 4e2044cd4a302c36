//! [`Field`]: a field or an argument that is checked before a use-case is called.

use registrar_domain::model::given::Given;
use registrar_domain::ports::store::Change;

use crate::error::FieldError;

/// A field or an argument under its name.
pub(crate) struct Field<T> {
    name: &'static str,
    given: Given<T>,
}

/// What is said about a field of this name that cannot be used.
type Wrong = fn(&'static str) -> FieldError;

/// The field or argument `name` of `source`, read by one of its methods.
pub(crate) fn field<S, T>(
    source: S,
    name: &'static str,
    read: impl FnOnce(S, &str) -> Given<T>,
) -> Field<T> {
    Field {
        name,
        given: read(source, name),
    }
}

impl<T> Field<T> {
    /// The field as what `parse` makes of its value. A value of which it makes nothing is as wrong as
    /// one of another type.
    pub(crate) fn parsed<U>(self, parse: impl FnOnce(T) -> Option<U>) -> Field<U> {
        let given = match self.given {
            Given::Absent => Given::Absent,
            Given::Null => Given::Null,
            Given::Malformed => Given::Malformed,
            Given::Value(value) => parse(value).map_or(Given::Malformed, Given::Value),
        };
        Field {
            name: self.name,
            given,
        }
    }

    /// The value of a field that must be there.
    ///
    /// # Errors
    /// [`FieldError::Missing`], or `wrong` for `null` too.
    pub(crate) fn required(self, wrong: Wrong) -> Result<T, FieldError> {
        let name = self.name;
        let value = self.optional_not_null(wrong)?;
        value.ok_or(FieldError::Missing(name))
    }

    /// The value, with `null` counting as absent.
    ///
    /// # Errors
    /// `wrong`.
    pub(crate) fn optional(self, wrong: Wrong) -> Result<Option<T>, FieldError> {
        Ok(self.nullable(wrong)?.into_option().flatten())
    }

    /// The value, where only a missing key counts as absent.
    ///
    /// # Errors
    /// `wrong`, for `null` too.
    pub(crate) fn optional_not_null(self, wrong: Wrong) -> Result<Option<T>, FieldError> {
        let name = self.name;
        match self.nullable(wrong)? {
            Change::Keep => Ok(None),
            Change::Set(value) => value.map(Some).ok_or_else(|| wrong(name)),
        }
    }

    /// What becomes of a property that `null` takes away.
    ///
    /// # Errors
    /// `wrong`.
    pub(crate) fn nullable(self, wrong: Wrong) -> Result<Change<Option<T>>, FieldError> {
        match self.given {
            Given::Absent => Ok(Change::Keep),
            Given::Null => Ok(Change::Set(None)),
            Given::Malformed => Err(wrong(self.name)),
            Given::Value(value) => Ok(Change::Set(Some(value))),
        }
    }
}
