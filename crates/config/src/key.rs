//! What is declared about a configuration key, once.
//!
//! The declarations are made by [`keys!`](crate::keys), one struct per section. From them follow the
//! reading with its defaults and error messages, the report of `check-config`, the JSON Schema, the
//! tables in `docs/CONFIG.md`, the meaning of environment variables, and the list of unknown keys.

use std::sync::Arc;

use super::tree::{Node, Value};

/// A declared key.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// The value of an absent key, as YAML. `None`: it has none.
    pub(crate) default: Option<&'static str>,
    /// See [`Key::doc`]; begins with a space.
    pub(crate) doc: &'static str,
    /// Has it an effect on this server?
    pub(crate) effect: Effect,
}

/// Has a key an effect on this server?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Yes.
    Served,
    /// It is accepted because a homeserver has it.
    None,
    /// Where it would have one, it is refused with what to do instead.
    Unavailable,
}

/// The declared keys of a mapping, in groups.
pub(crate) type Groups = &'static [&'static [Key]];

impl Key {
    /// One or two sentences for the operator.
    pub(crate) fn doc(&self) -> &'static str {
        self.doc.trim_start()
    }

    /// The value of an absent key.
    pub(crate) fn default_value(&self) -> Option<Value> {
        self.default.map(|default| self.kind.parse(default).value)
    }

    /// The name of the key for a file that holds this secret, if it is one.
    pub(crate) fn file_twin(&self) -> Option<String> {
        matches!(self.kind, Kind::Secret).then(|| format!("{}_path", self.name))
    }

    /// Does this declaration cover the key `name`, itself or by its file twin?
    pub(crate) fn covers(&self, name: &str) -> bool {
        let stem = match self.kind {
            Kind::Secret => name.strip_suffix("_path").unwrap_or(name),
            _ => name,
        };
        self.name == name || self.name == stem
    }
}

/// What kind of value a key takes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// `true` or `false`.
    Flag,
    /// `true` or `false`, also as a quoted word.
    Switch,
    /// A string. An empty one counts as absent.
    Text,
    /// A string in which a password may stand, so that it is never shown.
    Private,
    /// A string that is never shown. Has a twin `<name>_path` that names a file with the string.
    Secret,
    /// A string, or a number that is taken as its string.
    Label,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// An integer in this range.
    Integer(i64, i64),
    /// A number that is not negative.
    Number,
    /// See [`syntax::duration`](super::syntax::duration).
    Duration,
    /// See [`syntax::size`](super::syntax::size).
    Size,
    /// A mapping with these keys.
    Section(Groups),
    /// A list of values.
    List(&'static Kind),
    /// A list of strings, or a single string.
    Texts,
    /// Some of these words: a list, `true` for all or `false` for none.
    Some(&'static [&'static str]),
    /// A mapping with keys of the operator's choice.
    Mapping,
}

impl Kind {
    /// The kind in words, for the documentation.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Flag | Self::Switch => "boolean".to_owned(),
            Self::Text | Self::Private | Self::Secret => "string".to_owned(),
            Self::Label => "string or number".to_owned(),
            Self::Choice(words) => format!("one of {}", quoted(words)),
            Self::Integer(min, i64::MAX) => format!("integer from {min}"),
            Self::Integer(min, max) => format!("integer from {min} to {max}"),
            Self::Number => "number from 0".to_owned(),
            Self::Duration => "duration".to_owned(),
            Self::Size => "size".to_owned(),
            Self::Section(_) | Self::Mapping => "mapping".to_owned(),
            Self::List(Self::Section(_)) => "list of mappings".to_owned(),
            Self::List(Self::Choice(words)) => format!("list of {}", quoted(words)),
            Self::List(_) => "list of strings".to_owned(),
            Self::Texts => "list of strings, or a string".to_owned(),
            Self::Some(words) => {
                let words = quoted(words);
                format!("`true` for all, `false` for none, or a list of {words}")
            }
        }
    }

    /// A declared default.
    pub(crate) fn parse(&self, default: &str) -> Node {
        let source = Arc::from("default");
        if self.is_plain_text() {
            return Node::new(Value::Text(default.to_owned()), &source);
        }
        let node = Node::parse_value(default, &source);
        node.unwrap_or_else(|error| unreachable!("the default {default}: {}", error.message))
    }

    /// Are values of this kind plain text, which an environment variable can carry as it is?
    pub(crate) fn is_plain_text(&self) -> bool {
        matches!(
            self,
            Self::Text | Self::Private | Self::Secret | Self::Label
        )
    }

    /// May values of this kind be shown?
    pub(crate) fn is_public(&self) -> bool {
        !matches!(self, Self::Private | Self::Secret)
    }

    /// Is it a mapping with declared keys?
    pub(crate) fn is_section(&self) -> bool {
        matches!(self, Self::Section(_))
    }

    /// The keys of a mapping of this kind, or of the mappings in a list.
    pub(crate) fn keys(&self) -> Option<Groups> {
        match self {
            Self::Section(groups) | Self::List(Self::Section(groups)) => Some(groups),
            _ => None,
        }
    }
}

fn quoted(words: &[&str]) -> String {
    let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    words.join(", ")
}
