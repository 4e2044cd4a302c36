//! YAML as an untyped tree that remembers where each value was written.
//!
//! The dialect is what operators are used to from Python: `yes`, `no`, `on`, `off` are booleans and
//! `0660` is octal. JSON is YAML. A repeated key is an error, because whichever value won,
//! the operator would have reason to expect the other. Aliases are expanded within a budget.

use std::fmt;
use std::sync::Arc;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{DuplicateKeyPolicy, Spanned, alias_limits, options};

use super::findings::Origin;

/// How many events aliases may add to a document; an honest configuration has a few dozen.
const MAX_ALIASED_EVENTS: usize = 20_000;

/// A value and where it was written.
#[derive(Clone)]
pub(super) struct Node {
    pub(super) value: Value,
    pub(super) origin: Origin,
}

/// Any YAML value.
#[derive(Clone)]
pub(super) enum Value {
    Null,
    Flag(bool),
    Integer(i64),
    Number(f64),
    Text(String),
    List(Vec<Node>),
    Mapping(Mapping),
}

/// Keys and values in the order of the file. Keys are unique.
#[derive(Clone, Default)]
pub(super) struct Mapping(Vec<(String, Node)>);

/// The text is not YAML, or is too much of it.
pub(super) struct SyntaxError {
    /// The line, from 1; 0 if unknown.
    pub(super) line: u64,
    pub(super) message: String,
}

impl Node {
    /// Parses a document; `source` names it in origins. An empty document is [`Value::Null`].
    pub(super) fn parse(text: &str, source: &Arc<str>) -> Result<Self, SyntaxError> {
        let options = options! {
            // A snippet would show the operator's secrets.
            with_snippet: false,
            legacy_octal_numbers: true,
            duplicate_keys: DuplicateKeyPolicy::Error,
            alias_limits: alias_limits! { max_total_replayed_events: MAX_ALIASED_EVENTS },
        };
        let raw: Option<Raw> =
            serde_saphyr::from_str_with_options(text, options).map_err(|error| SyntaxError {
                line: error.location().map_or(0, |location| location.line()),
                message: error.to_string(),
            })?;
        Ok(raw.map_or_else(
            || Self {
                value: Value::Null,
                origin: Origin::of(source),
            },
            |raw| raw.locate(source),
        ))
    }

    /// A value that was not written in a file.
    pub(super) fn new(value: Value, source: &Arc<str>) -> Self {
        Self {
            value,
            origin: Origin::of(source),
        }
    }

    pub(super) fn is_null(&self) -> bool {
        matches!(self.value, Value::Null)
    }

    /// The value as JSON, for documents that are passed on as they are.
    pub(super) fn to_json(&self) -> serde_json::Value {
        match &self.value {
            Value::Null => serde_json::Value::Null,
            Value::Flag(flag) => (*flag).into(),
            Value::Integer(integer) => (*integer).into(),
            Value::Number(number) => (*number).into(),
            Value::Text(text) => text.clone().into(),
            Value::List(nodes) => nodes.iter().map(Self::to_json).collect(),
            Value::Mapping(mapping) => mapping
                .iter()
                .map(|(key, node)| (key.to_owned(), node.to_json()))
                .collect(),
        }
    }
}

impl Value {
    /// The kind of value in words, for messages.
    pub(super) fn describe(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Flag(_) => "true or false",
            Self::Integer(_) => "a whole number",
            Self::Number(_) => "a number with a fraction",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Mapping(_) => "a mapping",
        }
    }
}

impl Mapping {
    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        self.0
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, node)| node)
    }

    pub(super) fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        self.0
            .iter_mut()
            .find(|(name, _)| name == key)
            .map(|(_, node)| node)
    }

    /// Adds the key, or replaces its value.
    pub(super) fn set(&mut self, key: &str, node: Node) {
        match self.get_mut(key) {
            Some(slot) => *slot = node,
            None => self.0.push((key.to_owned(), node)),
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Node)> {
        self.0.iter().map(|(key, node)| (key.as_str(), node))
    }

    pub(super) fn into_entries(self) -> impl Iterator<Item = (String, Node)> {
        self.0.into_iter()
    }
}

/// A value as the parser gives it: with a line, but without the name of its source.
struct Raw {
    value: RawValue,
    line: u64,
}

enum RawValue {
    Scalar(Value),
    List(Vec<Raw>),
    Mapping(Vec<(String, Raw)>),
}

impl Raw {
    fn locate(self, source: &Arc<str>) -> Node {
        let value = match self.value {
            RawValue::Scalar(value) => value,
            RawValue::List(items) => {
                Value::List(items.into_iter().map(|raw| raw.locate(source)).collect())
            }
            RawValue::Mapping(entries) => Value::Mapping(Mapping(
                entries
                    .into_iter()
                    .map(|(key, raw)| (key, raw.locate(source)))
                    .collect(),
            )),
        };
        Node {
            value,
            origin: Origin::line(source, self.line),
        }
    }
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Spanned {
            value, referenced, ..
        } = Spanned::deserialize(deserializer)?;
        Ok(Self {
            value,
            line: referenced.line(),
        })
    }
}

impl<'de> Deserialize<'de> for RawValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = RawValue;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<RawValue, E> {
        Ok(RawValue::Scalar(Value::Null))
    }

    fn visit_bool<E: de::Error>(self, flag: bool) -> Result<RawValue, E> {
        Ok(RawValue::Scalar(Value::Flag(flag)))
    }

    fn visit_i64<E: de::Error>(self, integer: i64) -> Result<RawValue, E> {
        Ok(RawValue::Scalar(Value::Integer(integer)))
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "no option takes numbers beyond 63 bits"
    )]
    fn visit_u64<E: de::Error>(self, integer: u64) -> Result<RawValue, E> {
        let value = i64::try_from(integer).map_or(Value::Number(integer as f64), Value::Integer);
        Ok(RawValue::Scalar(value))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<RawValue, E> {
        Ok(RawValue::Scalar(Value::Number(number)))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<RawValue, E> {
        Ok(RawValue::Scalar(Value::Text(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<RawValue, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(RawValue::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<RawValue, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = access.next_key::<Spanned<String>>()? {
            let value: Raw = access.next_value()?;
            // People look for a value on the line of its key, where a block may begin a line later.
            entries.push((
                key.value,
                Raw {
                    line: key.referenced.line(),
                    ..value
                },
            ));
        }
        Ok(RawValue::Mapping(entries))
    }
}
