//! Accessors for single values and lists of them.

use std::path::PathBuf;
use std::time::Duration;

use registrar_domain::model::secret::Secret;

use super::super::key::Kind;
use super::super::tree::Value;
use super::super::{secrecy, syntax};
use super::Section;

impl Section<'_> {
    /// A flag: true or false.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.read(name, |value| match value {
            Value::Flag(flag) => Some(*flag),
            Value::Integer(0) => Some(false),
            Value::Integer(1) => Some(true),
            _ => None,
        })
        .unwrap_or_default()
    }

    /// A flag that may be left open.
    pub(crate) fn flag_if_given(&self, name: &str) -> Option<bool> {
        self.given(name).map(|_| self.flag(name))
    }

    /// A flag that may also be written as one of the usual words.
    pub(crate) fn switch(&self, name: &str) -> bool {
        self.switch_if_given(name).unwrap_or_default()
    }

    /// Such a flag that may be left open.
    pub(crate) fn switch_if_given(&self, name: &str) -> Option<bool> {
        self.read(name, syntax::switch)
    }

    /// A text; `None` when absent or empty and without a default.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.read(name, |value| match value {
            Value::Text(text) => Some(text.clone()),
            _ => None,
        })
        .filter(|text| !text.is_empty())
    }

    /// A text with a default.
    pub(crate) fn text_or_default(&self, name: &str) -> String {
        self.text(name)
            .or_else(|| self.key(name).default.map(str::to_owned))
            .unwrap_or_default()
    }

    /// A text, or a number as its text.
    pub(crate) fn label(&self, name: &str) -> Option<String> {
        self.read(name, label).filter(|text| !text.is_empty())
    }

    /// One of the declared words; `None` when absent and without a default.
    pub(crate) fn choice(&self, name: &str) -> Option<String> {
        let Kind::Choice(words) = &self.key(name).kind else {
            unreachable!("`{name}` is declared as a choice");
        };
        self.read(name, |value| {
            label(value).filter(|word| words.contains(&word.as_str()))
        })
    }

    /// A list of declared words; `None` when absent.
    pub(crate) fn choices(&self, name: &str) -> Option<Vec<String>> {
        let key = self.key(name);
        let Kind::List(Kind::Choice(words)) = key.kind else {
            unreachable!("`{name}` is declared as a list of choices");
        };
        let items = match &self.given(name)?.value {
            Value::List(items) => items,
            other => {
                self.wrong_kind(key, other);
                return None;
            }
        };
        let mut chosen = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            match label(&item.value).filter(|word| words.contains(&word.as_str())) {
                Some(word) => chosen.push(word),
                None => {
                    let expected = Kind::Choice(words).describe();
                    self.wrong_value(&format!("{name}[{index}]"), format!("expected {expected}"));
                }
            }
        }
        Some(chosen)
    }

    /// Does the operator want all of the declared words?
    pub(crate) fn wants_all(&self, name: &str) -> bool {
        let given = self.given(name);
        given.is_some_and(|node| matches!(node.value, Value::Flag(true)))
    }

    /// Some of the declared words, each once; none when absent.
    pub(crate) fn some_choices(&self, name: &str) -> Vec<&'static str> {
        let key = self.key(name);
        let Kind::Some(words) = key.kind else {
            unreachable!("`{name}` is declared as a choice of some");
        };
        let Some(node) = self.given(name) else {
            return Vec::new();
        };
        let items = match &node.value {
            Value::Flag(true) => return words.to_vec(),
            Value::Flag(false) => return Vec::new(),
            Value::List(items) => items,
            other => {
                self.wrong_kind(key, other);
                return Vec::new();
            }
        };
        let mut chosen = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            let word = label(&item.value);
            match words.iter().find(|it| word.as_deref() == Some(**it)) {
                Some(word) if chosen.contains(word) => {}
                Some(word) => chosen.push(*word),
                None => {
                    let expected = Kind::Choice(words).describe();
                    self.mistake(&format!("{name}[{index}]"), format!("expected {expected}"));
                }
            }
        }
        chosen
    }

    /// A path, relative to the working directory unless absolute.
    pub(crate) fn path(&self, name: &str) -> Option<PathBuf> {
        self.text(name).map(PathBuf::from)
    }

    /// A whole number of the declared range; `None` when absent and without a default.
    pub(crate) fn integer_if_given<T: TryFrom<i64>>(&self, name: &str) -> Option<T> {
        let Kind::Integer(min, max) = self.key(name).kind else {
            unreachable!("`{name}` is declared as an integer");
        };
        self.read(name, |value| {
            match value {
                Value::Integer(integer) => Some(*integer),
                // In quotes, as templates and Helm charts write them.
                Value::Text(text) => text.trim().parse().ok(),
                _ => None,
            }
            .filter(|integer| (min..=max).contains(integer))
            .and_then(|integer| T::try_from(integer).ok())
        })
    }

    /// A whole number of the declared range, with a default.
    pub(crate) fn integer<T: TryFrom<i64> + Default>(&self, name: &str) -> T {
        self.integer_if_given(name).unwrap_or_default()
    }

    /// A number that is not negative; `None` when absent and without a default.
    pub(crate) fn number(&self, name: &str) -> Option<f64> {
        self.read(name, |value| match value {
            #[expect(clippy::cast_precision_loss, reason = "no rate needs 53 bits")]
            Value::Integer(integer) if *integer >= 0 => Some(*integer as f64),
            Value::Number(number) if *number >= 0.0 => Some(*number),
            Value::Text(text) => text
                .trim()
                .parse()
                .ok()
                .filter(|number: &f64| number.is_finite() && *number >= 0.0),
            _ => None,
        })
    }

    /// A duration; `None` when absent and without a default.
    pub(crate) fn duration_if_given(&self, name: &str) -> Option<Duration> {
        self.read(name, syntax::duration)
    }

    /// A duration with a default.
    pub(crate) fn duration(&self, name: &str) -> Duration {
        self.duration_if_given(name).unwrap_or_default()
    }

    /// A duration with a default; 0 is a mistake.
    pub(crate) fn positive_duration(&self, name: &str) -> Duration {
        let duration = self.duration(name);
        if duration.is_zero() {
            self.wrong_value(name, "must be longer than 0");
        }
        duration
    }

    /// A size in bytes, with a default.
    pub(crate) fn size(&self, name: &str) -> u64 {
        self.read(name, syntax::size).unwrap_or_default()
    }

    /// A secret, written in place or in the file that `<name>_path` names. A line end at the end of
    /// that file does not belong to the secret.
    pub(crate) fn secret(&self, name: &str) -> Option<Secret<String>> {
        let in_line = self.text(name);
        let twin = self.key(name).file_twin().unwrap_or_default();
        let file = match self.node(&twin).map(|node| &node.value) {
            None | Some(Value::Null) => None,
            Some(Value::Text(path)) => Some(PathBuf::from(path)),
            Some(other) => {
                let found = other.describe();
                self.wrong_value(&twin, format!("expected the path of a file, found {found}"));
                None
            }
        };
        let Some(file) = file else {
            return in_line.map(Secret::new);
        };
        if in_line.is_some() {
            self.wrong_value(
                &twin,
                format!("only one of `{name}` and `{twin}` can be given"),
            );
            return None;
        }
        match std::fs::read_to_string(&file) {
            Ok(text) => {
                if let Some(warning) = secrecy::warning(&file) {
                    self.warning(&twin, format!("the file {} {warning}", file.display()));
                }
                let secret = text.trim_end_matches(['\r', '\n']);
                if secret.is_empty() {
                    self.wrong_value(&twin, format!("the file {} is empty", file.display()));
                }
                Some(Secret::new(secret.to_owned()))
            }
            Err(error) => {
                self.wrong_value(
                    &twin,
                    format!("cannot read the file {}: {error}", file.display()),
                );
                None
            }
        }
    }

    /// A list of texts; empty when absent. Where declared so, a single text is a list of one.
    pub(crate) fn texts(&self, name: &str) -> Vec<String> {
        let key = self.key(name);
        let Some(node) = self.given(name) else {
            return Vec::new();
        };
        let items = match &node.value {
            Value::List(items) => items,
            Value::Text(text) if matches!(key.kind, Kind::Texts) => return vec![text.clone()],
            other => {
                self.wrong_kind(key, other);
                return Vec::new();
            }
        };
        let mut texts = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            match &item.value {
                Value::Text(text) => texts.push(text.clone()),
                other => {
                    let found = other.describe();
                    self.wrong_value(
                        &format!("{name}[{index}]"),
                        format!("expected a text, found {found}"),
                    );
                }
            }
        }
        texts
    }
}

/// A scalar as the text that the operator wrote.
pub(super) fn label(value: &Value) -> Option<String> {
    match value {
        Value::Text(text) => Some(text.clone()),
        Value::Flag(flag) => Some(flag.to_string()),
        Value::Integer(integer) => Some(integer.to_string()),
        // The debug form keeps the `.0` that the operator wrote.
        Value::Number(number) => Some(format!("{number:?}")),
        Value::Null | Value::List(_) | Value::Mapping(_) => None,
    }
}
