//! Who can read the files that hold secrets.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::catalog;
use super::key::{Groups, Kind};
use super::tree::{Mapping, Value};

/// The permission of everybody to read a file.
const READABLE_BY_OTHERS: u32 = 0o004;

/// What to say about a file with secrets that every user of the machine can read; `None` if all is well,
/// or if nobody knows.
pub(crate) fn warning(path: &Path) -> Option<String> {
    let metadata = path.metadata().ok()?;
    let exposed = metadata.is_file() && metadata.permissions().mode() & READABLE_BY_OTHERS != 0;
    exposed.then(|| {
        let path = path.display();
        format!("holds secrets and can be read by every user of this machine; `chmod o= {path}`")
    })
}

/// Is there a secret, written in place, among the options?
pub(crate) fn holds_secrets(mapping: &Mapping) -> bool {
    has_secret(mapping, catalog::GROUPS)
}

fn has_secret(mapping: &Mapping, groups: Groups) -> bool {
    mapping.iter().any(|(name, node)| {
        let key = catalog::all(groups).find(|key| key.name == name);
        match (key.map(|key| key.kind), &node.value) {
            (Some(Kind::Secret), Value::Text(text)) => !text.is_empty(),
            (Some(Kind::Section(groups)), Value::Mapping(inner)) => has_secret(inner, groups),
            _ => false,
        }
    })
}
