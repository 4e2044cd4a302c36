//! `docs/METRICS.md` names what there is, and nothing else.

use std::collections::BTreeMap;

use crate::numbers::metrics;

const DOCUMENT: &str = include_str!("../../../../docs/METRICS.md");

/// The rows of its tables: name, then type and labels.
fn rows() -> BTreeMap<String, (String, Vec<String>)> {
    let mut rows = BTreeMap::new();
    for line in DOCUMENT.lines() {
        let cells: Vec<_> = line.split('|').map(str::trim).collect();
        let [_, name, kind, labels, _meaning, _] = cells[..] else {
            continue;
        };
        let Some(name) = code(name).next() else {
            continue;
        };
        let labels = code(labels).map(str::to_owned).collect();
        let before = rows.insert(name.to_owned(), (kind.to_owned(), labels));
        assert!(before.is_none(), "{name} is there twice");
    }
    rows
}

/// What stands between backticks.
fn code(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

#[cfg(target_os = "linux")]
#[test]
fn the_document_names_every_metric_with_its_type_and_labels() {
    let catalog: BTreeMap<_, _> = metrics()
        .catalog()
        .iter()
        .map(|it| {
            let labels = it.labels.iter().map(|&label| label.to_owned()).collect();
            (it.name.to_owned(), (it.kind.as_str().to_owned(), labels))
        })
        .collect();
    assert_eq!(rows(), catalog);
}
