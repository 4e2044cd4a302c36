//! Secrets: written in place, or in a file that a second key names.

use std::collections::BTreeSet;
use std::path::PathBuf;

use registrar_domain::model::secret::Secret;

use super::super::key::{Key, Kind};
use super::super::secrecy;
use super::super::section::{Entry, Place, Section};
use super::super::tree::{Node, Value};
use super::Type;

/// A secret, written in place or in the file that `<name>_path` names. A line end at the end of that
/// file does not belong to the secret.
impl Type for Secret<String> {
    type Value = Self;
    const KIND: Kind = Kind::Secret;

    fn convert(node: &Node, at: &Place) -> Option<Self> {
        let text = &node.value;
        match text {
            Value::Text(text) => Some(Self::new(text.clone())),
            other => {
                at.wrong_kind(&Self::KIND, other);
                None
            }
        }
    }

    fn find(section: &Section<'_>, key: &Key, written: Option<&Node>, at: &Place) -> Option<Self> {
        LateSecret::find(section, key, written, at)?.read()
    }
}

/// A secret whose file is read only when it is needed.
pub(crate) enum LateSecret {
    InPlace(Secret<String>),
    InFile(PathBuf, Place),
}

impl Type for LateSecret {
    type Value = Self;
    const KIND: Kind = Kind::Secret;

    fn convert(node: &Node, at: &Place) -> Option<Self> {
        Secret::convert(node, at).map(Self::InPlace)
    }

    fn find(section: &Section<'_>, key: &Key, written: Option<&Node>, at: &Place) -> Option<Self> {
        let in_place = written.and_then(|node| Self::convert(node, at));
        let Some((at, file)) = section.twin(key) else {
            return in_place;
        };
        if written.is_some() {
            let name = key.name;
            at.refuse(format!(
                "only one of `{name}` and `{name}_path` can be given"
            ));
            return None;
        }
        match &file.value {
            Value::Text(path) => Some(Self::InFile(PathBuf::from(path), at)),
            other => {
                let found = other.describe();
                at.refuse(format!("expected the path of a file, found {found}"));
                None
            }
        }
    }
}

impl LateSecret {
    /// The secret. `None` after a reported mistake.
    pub(crate) fn read(&self) -> Option<Secret<String>> {
        let (path, at) = match self {
            Self::InPlace(secret) => return Some(secret.clone()),
            Self::InFile(path, at) => (path, at),
        };
        let shown = path.display();
        let text = std::fs::read_to_string(path);
        let text =
            at.accept(text.map_err(|error| format!("cannot read the file {shown}: {error}")))?;
        if let Some(warning) = secrecy::warning(path) {
            at.warn(format!("the file {shown} {warning}"));
        }
        let secret = text.trim_end_matches(['\r', '\n']);
        if secret.is_empty() {
            at.refuse(format!("the file {shown} is empty"));
        }
        Some(Secret::new(secret.to_owned()))
    }
}

/// Warns about a secret that others must not guess, if they may.
pub(crate) fn warn_if_guessable(entry: &Entry<Option<Secret<String>>>) {
    if entry
        .as_ref()
        .is_some_and(|secret| is_guessable(secret.expose()))
    {
        entry.at.warn(GUESSABLE);
    }
}

/// What to do about a secret that [`is_guessable`].
pub(crate) const GUESSABLE: &str =
    "is short enough to be guessed; make a new one with `openssl rand -hex 32`";

/// Fewer characters than a secret of 96 random bits has in base64, or hardly any different ones.
pub(crate) fn is_guessable(secret: &str) -> bool {
    const MIN_CHARS: usize = 16;
    const MIN_DIFFERENT_CHARS: usize = 6;
    let different: BTreeSet<char> = secret.chars().collect();
    secret.chars().count() < MIN_CHARS || different.len() < MIN_DIFFERENT_CHARS
}
