//! One document of the configuration, with everything that is wrong with it.
//!
//! A document that is not YAML as a whole is read part by part, where a part is a top-level key and
//! what is indented below it: the parts that can be read are checked like all others, so that their
//! mistakes are reported beside the one in the syntax.

use std::cell::RefCell;
use std::sync::Arc;

use super::findings::{Finding, Findings, Origin};
use super::tree::{Mapping, Node, Repetition, Value};

/// Reads a document as far as possible; `source` names it in messages.
pub(super) fn read(text: &str, source: &Arc<str>, findings: &RefCell<Findings>) -> Mapping {
    // Editors on other systems put it there, and it means nothing.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = Reader {
        source,
        mapping: Mapping::default(),
        mistakes: Vec::new(),
        repetitions: Vec::new(),
        in_parts: false,
    };
    if !reader.read_whole(text) {
        reader.read_parts(text);
    }
    let mut findings = findings.borrow_mut();
    findings.incomplete |= !reader.mistakes.is_empty();
    findings.mistakes.append(&mut reader.mistakes);
    findings
        .warnings
        .extend(reader.repetitions.into_iter().map(repeated));
    reader.mapping
}

struct Reader<'a> {
    source: &'a Arc<str>,
    mapping: Mapping,
    mistakes: Vec<Finding>,
    repetitions: Vec<Repetition>,
    /// Only a part of the document is read at a time.
    in_parts: bool,
}

impl Reader<'_> {
    /// `false` if the document is not YAML; then there is one mistake, the first.
    fn read_whole(&mut self, text: &str) -> bool {
        match Node::parse(text, self.source, &mut self.repetitions) {
            Ok(node) => {
                self.take(node);
                true
            }
            Err(error) if error.is_unknown_anchor() && self.in_parts => false,
            Err(error) => {
                self.refuse(Origin::line(self.source, error.line), error.message);
                self.repetitions.clear();
                false
            }
        }
    }

    /// Reads the parts of a document that is not YAML as a whole.
    fn read_parts(&mut self, text: &str) {
        let whole = std::mem::take(&mut self.mistakes);
        self.in_parts = true;
        for (lines_before, part) in parts(text) {
            // Empty lines in front keep the numbers of the lines.
            let part = format!("{}{part}", "\n".repeat(lines_before));
            self.read_whole(&part);
        }
        if self.mistakes.is_empty() {
            // Something between the parts is wrong, such as a second document.
            self.mistakes = whole;
        }
    }

    fn take(&mut self, node: Node) {
        match node.value {
            Value::Mapping(mapping) => {
                for (key, node) in mapping.into_entries() {
                    self.mapping.set(&key, node);
                }
            }
            Value::Null => {}
            other => {
                let found = other.describe();
                self.refuse(
                    node.origin,
                    format!("expected options (`name: value`), found {found}"),
                );
            }
        }
    }

    fn refuse(&mut self, origin: Origin, message: String) {
        self.mistakes.push(Finding {
            key: String::new(),
            origin: Some(origin),
            message,
        });
    }
}

/// The top-level parts of a document, each with the number of lines before it.
fn parts(text: &str) -> Vec<(usize, String)> {
    let mut parts: Vec<(usize, String)> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let begins = !line.starts_with([' ', '\t', '#', '-', '}', ']']) && !line.is_empty();
        if begins || parts.is_empty() {
            parts.push((index, String::new()));
        }
        if let Some((_, part)) = parts.last_mut() {
            part.push_str(line);
            part.push('\n');
        }
    }
    parts.retain(|(_, part)| !part.starts_with("---") && !part.starts_with("..."));
    parts
}

fn repeated(repetition: Repetition) -> Finding {
    let Repetition {
        key,
        again,
        first_line,
    } = repetition;
    Finding {
        message: format!(
            "is written twice: this value counts, the one in line {first_line} does not"
        ),
        key,
        origin: Some(again),
    }
}
