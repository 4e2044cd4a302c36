//! The responses of the service. Unknown keys are ignored, but the key that a question is about must be
//! present, so that a misspelled key is an error.

use registrar_domain::ports::registration_hooks::{HookError, RegistrationVerdict};
use serde_json::{Map, Value};

/// What a response says.
pub(crate) type Found<T> = Result<T, BadAnswer>;

/// Why a response cannot be used. Does not contain the response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadAnswer {
    #[error("unexpected status {0}")]
    Status(u16),
    #[error("the response is not a JSON object")]
    NotAnObject,
    #[error("the response has no valid `{0}`")]
    Missing(&'static str),
}

impl From<BadAnswer> for HookError {
    fn from(error: BadAnswer) -> Self {
        Self::Unusable(error.into())
    }
}

/// Reads `verdict`.
pub(crate) fn verdict(answer: &Map<String, Value>) -> Found<RegistrationVerdict> {
    match answer.get("verdict").and_then(Value::as_str) {
        Some("allow") => Ok(RegistrationVerdict::Allow),
        Some("deny") => Ok(RegistrationVerdict::Deny),
        Some("shadow_ban") => Ok(RegistrationVerdict::ShadowBan),
        Some(_) | None => Err(BadAnswer::Missing("verdict")),
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
    allowed.ok_or(BadAnswer::Missing("allowed"))
}

/// A string, or `null` for no choice. An empty string is an error.
fn choice(answer: &Map<String, Value>, key: &'static str) -> Found<Option<String>> {
    match answer.get(key) {
        Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if !text.is_empty() => Ok(Some(text.clone())),
        _ => Err(BadAnswer::Missing(key)),
    }
}
