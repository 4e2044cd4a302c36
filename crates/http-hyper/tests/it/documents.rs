//! What the documents say about the sources is true.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

const DOCUMENTS: [&str; 3] = [
    "docs/SPEC-COVERAGE.md",
    "docs/DEVIATIONS.md",
    "docs/SECURITY.md",
];

/// A source file below `crates`: the names on its path, and what it says.
struct Source {
    names: Vec<String>,
    text: String,
}

/// Tests are named `module::test`, with as much of the path in front as it takes to find them;
/// files by their path below `crates`.
#[test]
fn every_test_and_file_that_they_name_exists() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let sources = sources(&repository.join("crates"));
    let mut checked = 0;
    for document in DOCUMENTS {
        let text = std::fs::read_to_string(repository.join(document)).unwrap();
        // What stands between backticks is every second piece.
        for name in text.split('`').skip(1).step_by(2) {
            let exists = if is_test(name, &sources) {
                is_somewhere(name, &sources)
            } else if name.ends_with(".rs") && name.contains('/') {
                sources.contains_key(Path::new(name))
            } else {
                continue;
            };
            assert!(exists, "{document} names `{name}`, which is not there");
            checked += 1;
        }
    }
    assert!(checked > 100, "only {checked} names were found");
}

/// Is this the name of a test, be it written wrongly?
fn is_test(name: &str, sources: &HashMap<PathBuf, Source>) -> bool {
    let is_part = |part: &str| {
        let part = part.as_bytes();
        !part.is_empty()
            && part.iter().all(|byte| {
                byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(byte)
            })
    };
    let Some((first, _)) = name.split_once("::") else {
        return false;
    };
    let is_crate = sources.keys().any(|source| source.starts_with(first));
    is_crate || name.split("::").all(is_part)
}

fn is_somewhere(test: &str, sources: &HashMap<PathBuf, Source>) -> bool {
    let (modules, function) = test.rsplit_once("::").unwrap();
    let function = format!("fn {function}(");
    sources.values().any(|source| {
        let has = |module: &str| source.names.iter().any(|name| name == module);
        modules.split("::").all(has) && source.text.contains(&function)
    })
}

fn sources(crates: &Path) -> HashMap<PathBuf, Source> {
    let mut found = HashMap::new();
    let mut folders = vec![crates.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "rs") {
                let relative = path.strip_prefix(crates).unwrap().to_owned();
                let names = relative.with_extension("");
                let names = names.iter().map(|it| it.to_str().unwrap().to_owned());
                let source = Source {
                    names: names.collect(),
                    text: std::fs::read_to_string(&path).unwrap(),
                };
                found.insert(relative, source);
            }
        }
    }
    found
}
