//! What an answer means, and what is none. Keys that are not asked for are ignored, but the one
//! that is must be there: a misspelled key is a failure and not an answer that changes nothing.

use registrar_domain::ports::registration_hooks::{HookError, RegistrationVerdict};
use serde_json::{Map, Value};

/// What was found in an answer.
pub(crate) type Found<T> = Result<T, Nonsense>;

/// Why an answer is none. Does not repeat the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Nonsense {
    #[error("it answered with status {0}")]
    Status(u16),
    #[error("its answer is not a JSON object")]
    NotAnObject,
    #[error("its answer has no usable `{0}`")]
    Lacks(&'static str),
}

impl From<Nonsense> for HookError {
    fn from(nonsense: Nonsense) -> Self {
        Self::Unusable(nonsense.into())
    }
}

/// Reads `verdict`.
pub(crate) fn verdict(answer: &Map<String, Value>) -> Found<RegistrationVerdict> {
    match answer.get("verdict").and_then(Value::as_str) {
        Some("allow") => Ok(RegistrationVerdict::Allow),
        Some("deny") => Ok(RegistrationVerdict::Deny),
        Some("shadow_ban") => Ok(RegistrationVerdict::ShadowBan),
        Some(_) | None => Err(Nonsense::Lacks("verdict")),
    }
}

/// Reads `username`.
pub(crate) fn username(answer: &Map<String, Value>) -> Found<Option<String>> {
    choice(answer, "username")
}

/// Reads `display_name`.
pub(crate) fn display_name(answer: &Map<String, Value>) -> Found<Option<String>> {
    choice(answer, "display_name")
}

/// Reads `allowed`.
pub(crate) fn allowed(answer: &Map<String, Value>) -> Found<bool> {
    let allowed = answer.get("allowed").and_then(Value::as_bool);
    allowed.ok_or(Nonsense::Lacks("allowed"))
}

/// A text, or `null` for no choice. An empty text is neither.
fn choice(answer: &Map<String, Value>, key: &'static str) -> Found<Option<String>> {
    match answer.get(key) {
        Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if !text.is_empty() => Ok(Some(text.clone())),
        _ => Err(Nonsense::Lacks(key)),
    }
}
