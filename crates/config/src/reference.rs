//! The tables of `docs/CONFIG.md`, from the declarations of the keys.

use std::fmt::Write as _;

use super::catalog::{self, GROUPS};
use super::key::{Key, Kind};

/// The marks between which `docs/CONFIG.md` has the tables.
const BEGIN: &str = "<!-- keys: begin -->\n";
const END: &str = "<!-- keys: end -->";

/// The guide with its tables brought up to date; `None` if it lacks the marks around them.
pub fn update_guide(guide: &str) -> Option<String> {
    let (before, rest) = guide.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n{}\n{END}{after}", tables()))
}

/// Every key with its type, default and meaning, as Markdown; and the names that are ignored.
fn tables() -> String {
    let mut text = String::new();
    for group in GROUPS {
        let _ = writeln!(text, "### {}\n", group.title);
        text.push_str("| Key | Type | Default | Meaning |\n|---|---|---|---|\n");
        for key in group.keys {
            row(&mut text, "", key);
        }
        text.push('\n');
    }
    text.push_str(
        "### Keys of a homeserver\n\nThese are known and have no effect here.\n\n\
         | Keys | What takes care of it |\n|---|---|\n",
    );
    for area in catalog::homeserver_areas() {
        let names: Vec<String> = area.keys.iter().map(|name| format!("`{name}`")).collect();
        let _ = writeln!(text, "| {} | {} |", names.join(", "), area.instead);
    }
    let prefixes: Vec<String> = catalog::homeserver_prefixes()
        .iter()
        .map(|prefix| format!("all that begin with `{prefix}`"))
        .collect();
    let _ = writeln!(
        text,
        "| {} | {} |",
        prefixes.join(", "),
        catalog::homeserver_prefix_owner()
    );
    text
}

fn row(text: &mut String, prefix: &str, key: &Key) {
    let path = format!("{prefix}{}", key.name);
    let twin = key
        .file_twin()
        .map(|twin| format!(", or `{prefix}{twin}`"))
        .unwrap_or_default();
    let default = match key.default {
        Some(default) => format!("`{default}`"),
        None => "–".to_owned(),
    };
    let effect = if key.inert { " *No effect here.*" } else { "" };
    let doc = key.doc.replace('|', "\\|");
    let kind = key.kind.describe();
    let _ = writeln!(
        text,
        "| `{path}`{twin} | {kind} | {default} | {doc}{effect} |"
    );
    let (keys, inside) = match key.kind {
        Kind::Section(keys) => (keys, format!("{path}.")),
        Kind::List(Kind::Section(keys)) => (*keys, format!("{path}[].")),
        _ => return,
    };
    for key in keys {
        row(text, &inside, key);
    }
}
