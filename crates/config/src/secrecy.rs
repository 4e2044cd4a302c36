//! Who can read the files that hold secrets.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::catalog;
use super::key::{Key, Kind};
use super::tree::{Mapping, Value};

/// The permission of everybody to read a file.
const READABLE_BY_OTHERS: u32 = 0o004;

/// What to say about a file with secrets that every user of the machine can read; `None` if all is well,
/// or if nobody knows.
pub(super) fn warning(path: &Path) -> Option<String> {
    let metadata = path.metadata().ok()?;
    let exposed = metadata.is_file() && metadata.permissions().mode() & READABLE_BY_OTHERS != 0;
    exposed.then(|| {
        let path = path.display();
        format!("holds secrets and can be read by every user of this machine; `chmod o= {path}`")
    })
}

/// Is there a secret, written in place, among the options?
pub(super) fn holds_secrets(mapping: &Mapping) -> bool {
    let keys: Vec<&Key> = catalog::keys().collect();
    has_secret(mapping, &keys)
}

fn has_secret(mapping: &Mapping, keys: &[&Key]) -> bool {
    mapping.iter().any(|(name, node)| {
        let Some(key) = keys.iter().find(|key| key.name == name) else {
            return false;
        };
        match (&key.kind, &node.value) {
            (Kind::Secret, Value::Text(text)) => !text.is_empty(),
            (Kind::Section(keys), Value::Mapping(inner)) => {
                has_secret(inner, &keys.iter().collect::<Vec<_>>())
            }
            _ => false,
        }
    })
}
