//! JSON bodies: as strict as Synapse about syntax, and silent about the types of single fields.

use registrar_domain::model::given::Given;
use serde_json::{Map, Value};

use crate::error::{ErrCode, MatrixError};

/// Why a body is not a JSON object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JsonError {
    /// Not JSON, or JSON that is nested more than about a hundred levels deep.
    NotJson,
    /// JSON, but not an object.
    NotAnObject,
}

impl From<JsonError> for MatrixError {
    fn from(error: JsonError) -> Self {
        match error {
            JsonError::NotJson => Self::bad_request(ErrCode::NotJson, "the body is not JSON"),
            JsonError::NotAnObject => {
                Self::bad_request(ErrCode::BadJson, "the body must be a JSON object")
            }
        }
    }
}

/// Decodes a body, whatever its content type says. Of a key that occurs twice the last one counts.
///
/// # Errors
/// [`JsonError`]. An unpaired surrogate escape is not JSON here: it has no place in any database.
pub(crate) fn decode(body: &[u8]) -> Result<Map<String, Value>, JsonError> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(JsonError::NotAnObject),
        Err(_) => Err(JsonError::NotJson),
    }
}

/// The fields of a JSON object, each read as the type that the endpoint expects.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'a>(Option<&'a Map<String, Value>>);

impl<'a> Fields<'a> {
    /// The fields of this object.
    pub(crate) fn of(object: &'a Map<String, Value>) -> Self {
        Self(Some(object))
    }

    /// No fields.
    pub(super) fn empty() -> Self {
        Self(None)
    }

    /// Has the object no key at all?
    pub(crate) fn is_empty(self) -> bool {
        self.0.is_none_or(Map::is_empty)
    }

    /// Has the object a key besides these?
    pub(crate) fn has_besides(self, names: &[&str]) -> bool {
        self.0
            .is_some_and(|object| object.keys().any(|key| !names.contains(&key.as_str())))
    }

    /// A string.
    pub(crate) fn string(self, name: &str) -> Given<String> {
        self.read(name, |value| value.as_str().map(str::to_owned))
    }

    /// A boolean.
    pub(crate) fn boolean(self, name: &str) -> Given<bool> {
        self.read(name, Value::as_bool)
    }

    /// An integer; `1.0` is none.
    pub(crate) fn integer(self, name: &str) -> Given<i64> {
        self.read(name, Value::as_i64)
    }

    /// A string, or an integer in its place: some clients take IDs made of digits for numbers.
    pub(crate) fn text(self, name: &str) -> Given<String> {
        self.read(name, |value| match value {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => number.as_i64().map(|number| number.to_string()),
            _ => None,
        })
    }

    /// A number to count with: an integer, a fraction (rounded), or a boolean as 0 or 1.
    pub(crate) fn count(self, name: &str) -> Given<i64> {
        self.read(name, |value| match value {
            Value::Bool(value) => Some(i64::from(*value)),
            Value::Number(number) => number.as_i64().or_else(|| {
                let rounded = number.as_f64()?.round();
                #[expect(clippy::cast_possible_truncation, reason = "the cast saturates")]
                let whole = rounded as i64;
                Some(whole)
            }),
            _ => None,
        })
    }

    /// An object, of which `read` makes something.
    pub(crate) fn object<T>(self, name: &str, read: impl FnOnce(Fields<'a>) -> T) -> Given<T> {
        self.read(name, |value| {
            value.as_object().map(|object| read(Fields::of(object)))
        })
    }

    /// A list of strings.
    pub(crate) fn strings(self, name: &str) -> Given<Vec<String>> {
        self.read(name, |value| {
            let items = value.as_array()?;
            items
                .iter()
                .map(|item| item.as_str().map(str::to_owned))
                .collect()
        })
    }

    /// A list of objects, of each of which `read` makes something.
    pub(crate) fn objects<T>(
        self,
        name: &str,
        mut read: impl FnMut(Fields<'a>) -> T,
    ) -> Given<Vec<T>> {
        self.read(name, |value| {
            let items = value.as_array()?.iter();
            items
                .map(|item| item.as_object().map(|object| read(Fields::of(object))))
                .collect()
        })
    }

    /// The number of objects in a list.
    pub(crate) fn length(self, name: &str) -> Given<usize> {
        self.read(name, |value| {
            let items = value.as_array()?;
            items.iter().all(Value::is_object).then_some(items.len())
        })
    }

    /// Is the field there with a value that is not null, false, zero or empty?
    ///
    /// Some switches of the protocol have been read this way for so long that clients send anything.
    pub(crate) fn is_truthy(self, name: &str) -> bool {
        match self.get(name) {
            None | Some(Value::Null) => false,
            Some(Value::Bool(value)) => *value,
            Some(Value::Number(number)) => number.as_f64() != Some(0.0),
            Some(Value::String(text)) => !text.is_empty(),
            Some(Value::Array(items)) => !items.is_empty(),
            Some(Value::Object(object)) => !object.is_empty(),
        }
    }

    fn read<T>(self, name: &str, read: impl FnOnce(&'a Value) -> Option<T>) -> Given<T> {
        match self.get(name) {
            None => Given::Absent,
            Some(Value::Null) => Given::Null,
            Some(value) => read(value).map_or(Given::Malformed, Given::Value),
        }
    }

    fn get(self, name: &str) -> Option<&'a Value> {
        self.0?.get(name)
    }
}
