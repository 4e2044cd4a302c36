//! What to say about a value of the wrong kind.

use super::super::key::Kind;
use super::super::tree::Value;

/// What was expected, and what was found instead: the value itself only where that cannot leak.
pub(super) fn explain(kind: &Kind, found: &Value) -> String {
    let expected = match kind {
        Kind::Flag | Kind::Switch => "true or false".to_owned(),
        Kind::Duration => {
            "a duration: milliseconds, or a number with one of s, m, h, d, w, y, such as `5m`"
                .into()
        }
        Kind::Size => "a size: bytes, or a number with one of K, M, G, such as `50M`".into(),
        Kind::Choice(_) | Kind::Some(_) => kind.describe(),
        Kind::Integer(..) => format!("an {}", kind.describe()),
        _ => format!("a {}", kind.describe()),
    };
    let shown = match found {
        Value::List(_) | Value::Mapping(_) => None,
        scalar => scalar.label().filter(|_| kind.is_public()),
    };
    let found_text = match shown {
        Some(text) => format!("`{text}`"),
        None => found.describe().to_owned(),
    };
    let advice = match (kind, found) {
        (
            Kind::Text | Kind::Private | Kind::Secret,
            Value::Flag(_) | Value::Integer(_) | Value::Number(_),
        ) => " (put it in quotes)",
        (Kind::Flag, Value::Text(_)) => " (without quotes)",
        _ => "",
    };
    format!("expected {expected}, found {found_text}{advice}")
}
