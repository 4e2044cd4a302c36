//! The tables of `docs/CONFIG.md`, from the declarations of the keys.

use std::fmt::Write as _;

use super::catalog::{self, TITLED};
use super::key::{Effect, Key, Kind};

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
    for (title, keys) in TITLED {
        let _ = writeln!(text, "### {title}\n");
        text.push_str("| Key | Type | Default | Meaning |\n|---|---|---|---|\n");
        for key in keys {
            row(&mut text, "", key);
        }
        text.push('\n');
    }
    text.push_str(
        "### Keys of a homeserver\n\nThese are known and have no effect here.\n\n\
         | Keys | What takes care of it |\n|---|---|\n",
    );
    for (names, instead) in catalog::homeserver_areas() {
        let _ = writeln!(text, "| {names} | {instead} |");
    }
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
    let effect = match key.effect {
        Effect::None => " *No effect here.*",
        Effect::Served | Effect::Unavailable => "",
    };
    let doc = key.doc().replace('|', "\\|");
    let kind = key.kind.describe();
    let _ = writeln!(
        text,
        "| `{path}`{twin} | {kind} | {default} | {doc}{effect} |"
    );
    let items = if matches!(key.kind, Kind::List(_)) {
        "[]"
    } else {
        ""
    };
    for key in key.kind.keys().into_iter().flat_map(catalog::all) {
        row(text, &format!("{path}{items}."), key);
    }
}
