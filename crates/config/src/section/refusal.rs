//! What to say about a value of the wrong kind.

use super::super::key::{Key, Kind};
use super::super::tree::Value;
use super::scalars::label;

/// What was expected, and what was found instead: the value itself only where that cannot leak.
pub(super) fn explain(key: &Key, found: &Value) -> String {
    let expected = match key.kind {
        Kind::Duration => {
            "a duration: milliseconds, or a number with one of s, m, h, d, w, y, such as `5m`"
                .into()
        }
        Kind::Size => "a size: bytes, or a number with one of K, M, G, such as `50M`".into(),
        _ => key.kind.describe(),
    };
    let shown = match (found, &key.kind) {
        (_, Kind::Secret) => None,
        (Value::List(_) | Value::Mapping(_), _) => None,
        (scalar, _) => label(scalar),
    };
    let found_text = match shown {
        Some(text) => format!("`{text}`"),
        None => found.describe().to_owned(),
    };
    let advice = match (&key.kind, found) {
        (Kind::Text | Kind::Secret, Value::Flag(_) | Value::Integer(_) | Value::Number(_)) => {
            " (put it in quotes)"
        }
        (Kind::Flag, Value::Text(_)) => " (without quotes)",
        _ => "",
    };
    format!("expected {expected}, found {found_text}{advice}")
}
