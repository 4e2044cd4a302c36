//! Where the configuration is written: files, folders of files, environment variables.
//!
//! Files are merged at their top level: a key of a later file replaces the whole value that an
//! earlier one gave it. Environment variables come last and may reach inside.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::findings::{Finding, Findings, Ignored, Origin};
use super::tree::{Mapping, Node, Value};
use super::{catalog, document, secrecy, spelling};

/// Environment variables that begin with this override options.
pub(super) const PREFIX: &str = "REGISTRAR__";

/// What separates the levels of an option's path in the name of an environment variable.
const SEPARATOR: &str = "__";

/// The largest configuration file, in bytes.
const MAX_FILE_BYTES: u64 = 4 << 20;

/// Reads and merges files; a folder stands for its `*.yaml` files in alphabetical order.
pub(super) fn read_files(paths: &[PathBuf], findings: &RefCell<Findings>) -> Mapping {
    let mut merged = Mapping::default();
    for path in paths {
        let files = match expand(path) {
            Ok(files) => files,
            Err(message) => {
                refuse(findings, Origin::of(&source_of(path)), message);
                continue;
            }
        };
        for file in files {
            match read_file(&file) {
                Ok(text) => {
                    let mapping = document::read(&text, &source_of(&file), findings);
                    if secrecy::holds_secrets(&mapping) {
                        warn(findings, &file, secrecy::warning(&file));
                    }
                    for (key, node) in mapping.into_entries() {
                        merged.set(&key, node);
                    }
                }
                Err(message) => refuse(findings, Origin::of(&source_of(&file)), message),
            }
        }
    }
    merged
}

/// Merges one document that is not in a file; `name` stands for it in messages.
pub(super) fn read_text(text: &str, name: &str, findings: &RefCell<Findings>) -> Mapping {
    document::read(text, &Arc::from(name), findings)
}

/// Lets environment variables override options: `REGISTRAR__EMAIL__SMTP_HOST` is `email.smtp_host`.
///
/// The value of an option that takes text is used as it is, so that secrets need no quoting; any
/// other is read as YAML. Letter case of the name does not matter.
pub(super) fn overlay_environment(
    mapping: &mut Mapping,
    environment: impl IntoIterator<Item = (String, String)>,
    findings: &RefCell<Findings>,
) {
    let mut overrides: Vec<(Vec<String>, String, String)> = Vec::new();
    for (name, value) in environment {
        let upper = name.to_ascii_uppercase();
        let Some(path) = upper.strip_prefix(PREFIX) else {
            continue;
        };
        let path = path
            .to_ascii_lowercase()
            .split(SEPARATOR)
            .map(str::to_owned)
            .collect();
        overrides.push((path, name, value));
    }
    // A whole section before the options inside it, and always in the same order.
    overrides.sort();
    for (path, name, value) in overrides {
        let source: Arc<str> = Arc::from(format!("environment variable {name}"));
        let names: Vec<&str> = path.iter().map(String::as_str).collect();
        if names.iter().any(|name| name.is_empty()) {
            refuse(findings, Origin::of(&source), "names no option".to_owned());
            continue;
        }
        let key = catalog::find(&names);
        if key.is_none() && catalog::find(&names[..1]).is_none() {
            note_unknown(&names, &source, findings);
            continue;
        }
        let verbatim = match key {
            Some(key) => key.kind.is_plain_text(),
            None => false,
        };
        let node = if verbatim {
            Node::new(Value::Text(value), &source)
        } else {
            match Node::parse_value(&value, &source) {
                Ok(node) => Node {
                    origin: Origin::of(&source),
                    ..node
                },
                Err(error) => {
                    refuse(findings, Origin::of(&source), error.message);
                    continue;
                }
            }
        };
        if let Err(message) = place(mapping, &names, node, &source) {
            refuse(findings, Origin::of(&source), message);
        }
    }
}

/// An override of something that the catalog does not have, such as an option of a homeserver.
fn note_unknown(names: &[&str], source: &Arc<str>, findings: &RefCell<Findings>) {
    let reason = catalog::done_elsewhere(names[0]).map_or(Ignored::Unknown, Ignored::DoneElsewhere);
    let mut findings = findings.borrow_mut();
    if reason == Ignored::Unknown {
        findings.warnings.push(Finding {
            key: names.join("."),
            origin: Some(Origin::of(source)),
            message: format!("unknown option, ignored{}", suggestion(names)),
        });
    }
    findings.ignored.push((names.join("."), reason));
}

/// The variable that was probably meant. Options of this server need the prefix twice, which is
/// easily forgotten.
fn suggestion(names: &[&str]) -> String {
    let variable = |names: &[&str]| {
        let names: Vec<String> = names.iter().map(|it| it.to_ascii_uppercase()).collect();
        format!("; did you mean `{PREFIX}{}`?", names.join(SEPARATOR))
    };
    let own: Vec<&str> = std::iter::once("registrar")
        .chain(names.iter().copied())
        .collect();
    if catalog::find(&own).is_some() || catalog::find(&own[..2]).is_some() {
        return variable(&own);
    }
    // One underscore where two separate a section from its option.
    let joined = names.join("_");
    for (at, _) in joined.match_indices('_') {
        let parts = [&joined[..at], &joined[at + 1..]];
        if catalog::find(&parts).is_some() {
            return variable(&parts);
        }
    }
    let known = catalog::all(catalog::GROUPS).map(|key| key.name);
    match spelling::nearest(names[0], known) {
        Some(known) => {
            let meant: Vec<&str> = std::iter::once(known)
                .chain(names[1..].iter().copied())
                .collect();
            variable(&meant)
        }
        None => String::new(),
    }
}

/// Puts a value at a path, making the sections on the way.
fn place(
    mapping: &mut Mapping,
    names: &[&str],
    node: Node,
    source: &Arc<str>,
) -> Result<(), String> {
    let (name, rest) = names.split_first().expect("a path has a first name");
    if rest.is_empty() {
        mapping.set(name, node);
        return Ok(());
    }
    if mapping.get(name).is_none_or(Node::is_null) {
        mapping.set(name, Node::new(Value::Mapping(Mapping::default()), source));
    }
    match mapping.get_mut(name).map(|node| &mut node.value) {
        Some(Value::Mapping(inner)) => place(inner, rest, node, source),
        _ => Err(format!(
            "`{name}` is not a mapping, so nothing inside it can be overridden"
        )),
    }
}

fn expand(path: &Path) -> Result<Vec<PathBuf>, String> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let unreadable = |error: std::io::Error| format!("cannot read the folder: {error}");
    let mut files = Vec::new();
    for entry in path.read_dir().map_err(unreadable)? {
        let file = entry.map_err(unreadable)?.path();
        if file.is_file()
            && file
                .extension()
                .is_some_and(|extension| extension == "yaml")
        {
            files.push(file);
        }
    }
    files.sort();
    Ok(files)
}

fn read_file(path: &Path) -> Result<String, String> {
    let unreadable = |error: std::io::Error| format!("cannot read the file: {error}");
    let size = path.metadata().map_err(unreadable)?.len();
    if size > MAX_FILE_BYTES {
        return Err(format!(
            "is larger than {MAX_FILE_BYTES} bytes, so hardly a configuration"
        ));
    }
    let bytes = std::fs::read(path).map_err(unreadable)?;
    String::from_utf8(bytes).map_err(|error| {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = valid.iter().filter(|byte| **byte == b'\n').count() + 1;
        format!("is not UTF-8: line {line} has a byte of another encoding")
    })
}

fn source_of(path: &Path) -> Arc<str> {
    Arc::from(path.to_string_lossy())
}

fn warn(findings: &RefCell<Findings>, file: &Path, message: Option<String>) {
    let warning = message.map(|message| Finding {
        key: String::new(),
        origin: Some(Origin::of(&source_of(file))),
        message,
    });
    findings.borrow_mut().warnings.extend(warning);
}

fn refuse(findings: &RefCell<Findings>, origin: Origin, message: String) {
    let mistake = Finding {
        key: String::new(),
        origin: Some(origin),
        message,
    };
    let mut findings = findings.borrow_mut();
    findings.incomplete = true;
    findings.mistakes.push(mistake);
}
