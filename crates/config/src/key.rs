//! The vocabulary in which every configuration key is declared once.
//!
//! From these declarations come the readers' defaults and type checks, the JSON schema, the tables
//! in `docs/CONFIG.md`, the meaning of environment variables, and the list of unknown keys.

/// A declared configuration key.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    /// What stands for an absent key, as YAML. `None`: nothing does.
    pub(super) default: Option<&'static str>,
    /// One or two sentences for the operator.
    pub(super) doc: &'static str,
    /// Is it accepted and checked, but without any effect on this server?
    pub(super) inert: bool,
}

impl Key {
    /// A key without a default.
    pub(super) const fn new(name: &'static str, kind: Kind, doc: &'static str) -> Self {
        Self {
            name,
            kind,
            default: None,
            doc,
            inert: false,
        }
    }

    /// The same key with a default, written as YAML.
    pub(super) const fn or(self, default: &'static str) -> Self {
        Self {
            default: Some(default),
            ..self
        }
    }

    /// The same key, checked but otherwise without effect.
    pub(super) const fn inert(self) -> Self {
        Self {
            inert: true,
            ..self
        }
    }

    /// The name of the key for a file that holds this secret, if it is one.
    pub(super) fn file_twin(&self) -> Option<String> {
        matches!(self.kind, Kind::Secret).then(|| format!("{}_path", self.name))
    }

    /// Does this declaration cover the key `name`, itself or by its file twin?
    pub(super) fn covers(&self, name: &str) -> bool {
        self.name == name
            || (matches!(self.kind, Kind::Secret)
                && name
                    .strip_suffix("_path")
                    .is_some_and(|stem| stem == self.name))
    }
}

/// What kind of value a key takes.
#[derive(Debug)]
pub(super) enum Kind {
    /// `true` or `false`.
    Flag,
    /// `true` or `false`, also as a quoted word.
    Switch,
    /// A text. An empty one counts as absent.
    Text,
    /// A text that is never shown. Has a twin `<name>_path` that names a file with the text.
    Secret,
    /// A text, or a number that is taken as its text.
    Label,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A whole number in this range.
    Integer(i64, i64),
    /// A number that is not negative.
    Number,
    /// See [`syntax::duration`](super::syntax::duration).
    Duration,
    /// See [`syntax::size`](super::syntax::size).
    Size,
    /// A mapping with these keys.
    Section(&'static [Key]),
    /// A list of values.
    List(&'static Kind),
    /// A list of texts, or a single text.
    Texts,
    /// Some of these words: a list, `true` for all or `false` for none.
    Some(&'static [&'static str]),
    /// A mapping with keys of the operator's choice.
    Mapping,
}

impl Kind {
    /// The kind in words, for messages and for the documentation.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Flag => "true or false".to_owned(),
            Self::Switch => "true or false".to_owned(),
            Self::Text | Self::Secret => "text".to_owned(),
            Self::Label => "text or number".to_owned(),
            Self::Choice(words) => {
                let words: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
                format!("one of {}", words.join(", "))
            }
            Self::Integer(min, i64::MAX) => format!("whole number from {min}"),
            Self::Integer(min, max) => format!("whole number from {min} to {max}"),
            Self::Number => "number from 0".to_owned(),
            Self::Duration => "duration".to_owned(),
            Self::Size => "size".to_owned(),
            Self::Section(_) | Self::Mapping => "mapping".to_owned(),
            Self::List(Self::Section(_)) => "list of mappings".to_owned(),
            Self::List(Self::Choice(words)) => {
                let words: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
                format!("list of {}", words.join(", "))
            }
            Self::List(_) => "list of texts".to_owned(),
            Self::Texts => "list of texts, or a text".to_owned(),
            Self::Some(words) => {
                let words: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
                format!(
                    "`true` for all, `false` for none, or a list of {}",
                    words.join(", ")
                )
            }
        }
    }

    /// Are values of this kind plain text, which an environment variable can carry as it is?
    pub(super) fn is_plain_text(&self) -> bool {
        matches!(self, Self::Text | Self::Secret | Self::Label)
    }
}
