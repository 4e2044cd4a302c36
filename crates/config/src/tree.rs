//! YAML as an untyped tree that remembers where each value was written.
//!
//! The dialect is what operators are used to from Python: `yes`, `no`, `on`, `off` are booleans and
//! `0660` is octal. JSON is YAML. Of a repeated key the last value counts, as in Synapse, and the
//! repetition is reported. A tag such as `!vault` is refused: it stands for a value that is not there.
//! Aliases are expanded within a budget.

mod mistake;

use std::collections::HashMap;
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

/// A document that is not YAML, or is too much of it.
pub(super) struct SyntaxError {
    /// The line, from 1; 0 if unknown.
    pub(super) line: u64,
    pub(super) message: String,
}

impl SyntaxError {
    /// Does an alias have no anchor? In a part of a document, the anchor may stand in another one.
    pub(super) fn is_unknown_anchor(&self) -> bool {
        self.message == mistake::UNKNOWN_ANCHOR
    }
}

/// A key that was written twice in one mapping.
pub(super) struct Repetition {
    pub(super) key: String,
    /// Where it was written again.
    pub(super) again: Origin,
    /// The line of the value that does not count.
    pub(super) first_line: u64,
}

impl Node {
    /// Parses a document; `source` names it in origins. An empty document is [`Value::Null`].
    /// Repeated keys are added to `repetitions`.
    pub(super) fn parse(
        text: &str,
        source: &Arc<str>,
        repetitions: &mut Vec<Repetition>,
    ) -> Result<Self, SyntaxError> {
        let options = options! {
            // A snippet would show the operator's secrets.
            with_snippet: false,
            legacy_octal_numbers: true,
            duplicate_keys: DuplicateKeyPolicy::PassThrough,
            reject_unsupported_tags: true,
            alias_limits: alias_limits! { max_total_replayed_events: MAX_ALIASED_EVENTS },
        };
        let raw: Option<Raw> =
            serde_saphyr::from_str_with_options(text, options).map_err(|error| SyntaxError {
                line: error.location().map_or(0, |location| location.line()),
                message: mistake::explain(&error),
            })?;
        Ok(raw.map_or_else(
            || Self {
                value: Value::Null,
                origin: Origin::of(source),
            },
            |raw| raw.locate(source, repetitions),
        ))
    }

    /// Parses a value that stands alone, where repeated keys are nobody's business.
    pub(super) fn parse_value(text: &str, source: &Arc<str>) -> Result<Self, SyntaxError> {
        Self::parse(text, source, &mut Vec::new())
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
    /// A scalar as the text that the operator wrote.
    pub(crate) fn label(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.clone()),
            Self::Flag(flag) => Some(flag.to_string()),
            Self::Integer(integer) => Some(integer.to_string()),
            // The debug form keeps the `.0` that the operator wrote.
            Self::Number(number) => Some(format!("{number:?}")),
            Self::Null | Self::List(_) | Self::Mapping(_) => None,
        }
    }

    /// The value for reports: items with commas between them, and of a mapping its keys.
    pub(crate) fn show(&self) -> String {
        let items: Vec<String> = match self {
            Self::List(items) => items.iter().map(|item| item.value.show()).collect(),
            Self::Mapping(mapping) => mapping.iter().map(|(key, _)| key.to_owned()).collect(),
            scalar => return scalar.label().unwrap_or_default(),
        };
        match items.is_empty() {
            true => "none".to_owned(),
            false => items.join(", "),
        }
    }

    /// The kind of value in words, for messages.
    pub(super) fn describe(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Flag(_) => "a boolean",
            Self::Integer(_) => "an integer",
            Self::Number(_) => "a number with a fraction",
            Self::Text(_) => "a string",
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

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
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
    fn locate(self, source: &Arc<str>, repetitions: &mut Vec<Repetition>) -> Node {
        let value = match self.value {
            RawValue::Scalar(value) => value,
            RawValue::List(items) => {
                let nodes = items.into_iter().map(|raw| raw.locate(source, repetitions));
                Value::List(nodes.collect())
            }
            RawValue::Mapping(entries) => {
                Value::Mapping(locate_entries(entries, source, repetitions))
            }
        };
        Node {
            value,
            origin: Origin::line(source, self.line),
        }
    }
}

fn locate_entries(
    entries: Vec<(String, Raw)>,
    source: &Arc<str>,
    repetitions: &mut Vec<Repetition>,
) -> Mapping {
    let mut lines: HashMap<String, u64> = HashMap::new();
    let mut mapping = Mapping::default();
    for (key, raw) in entries {
        if let Some(first_line) = lines.insert(key.clone(), raw.line) {
            repetitions.push(Repetition {
                key: key.clone(),
                again: Origin::line(source, raw.line),
                first_line,
            });
        }
        mapping.set(&key, raw.locate(source, repetitions));
    }
    mapping
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
