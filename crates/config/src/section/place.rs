//! Where a value is written, and what there is to report about it.

use std::cell::RefCell;
use std::fmt::Display;
use std::rc::Rc;

use super::super::findings::{Finding, Findings, Ignored, Origin};
use super::super::key::Kind;
use super::super::tree::{Node, Value};
use super::refusal;

/// The path of a key, such as `listeners[0].port`, and where it is written; for a key that is not
/// written, where the mapping is that lacks it.
#[derive(Clone)]
pub(crate) struct Place {
    pub(super) path: String,
    pub(super) origin: Option<Origin>,
    pub(super) findings: Rc<RefCell<Findings>>,
}

impl Place {
    /// The top of the file.
    pub(super) fn root(findings: &Rc<RefCell<Findings>>) -> Self {
        Self {
            path: String::new(),
            origin: None,
            findings: Rc::clone(findings),
        }
    }

    /// The place of a key in the mapping that is here.
    pub(super) fn inside(&self, name: &str, node: Option<&Node>) -> Self {
        let path = match self.path.as_str() {
            "" => name.to_owned(),
            path => format!("{path}.{name}"),
        };
        self.with(path, node)
    }

    /// The place of an item of the list that is here.
    pub(crate) fn item(&self, index: usize, node: &Node) -> Self {
        self.with(format!("{}[{index}]", self.path), Some(node))
    }

    fn with(&self, path: String, node: Option<&Node>) -> Self {
        let written = node.map(|node| node.origin.clone());
        Self {
            path,
            origin: written.or_else(|| self.origin.clone()),
            findings: Rc::clone(&self.findings),
        }
    }

    /// Is an unknown key here a mistake, because it can be nobody else's?
    pub(super) fn is_own(&self) -> bool {
        self.path == "registrar" || self.path.starts_with("registrar.")
    }

    /// Reports a mistake: something is missing, or options do not go together. Says nothing where a part
    /// of the configuration could not be read, since what is missing may stand there.
    pub(crate) fn mistake(&self, message: impl Into<String>) {
        if !self.findings.borrow().incomplete {
            self.refuse(message);
        }
    }

    /// Reports a mistake in the value itself, whatever else is written.
    pub(crate) fn refuse(&self, message: impl Into<String>) {
        let finding = self.finding(message.into());
        self.findings.borrow_mut().mistakes.push(finding);
    }

    /// Reports a value of the wrong kind.
    pub(crate) fn wrong_kind(&self, kind: &Kind, found: &Value) {
        self.refuse(refusal::explain(kind, found));
    }

    /// Turns an error into a mistake in the value.
    pub(crate) fn accept<T, E: Display>(&self, result: Result<T, E>) -> Option<T> {
        result.map_err(|error| self.refuse(error.to_string())).ok()
    }

    /// Reports something worth a look.
    pub(crate) fn warn(&self, message: impl Into<String>) {
        let finding = self.finding(message.into());
        self.findings.borrow_mut().warnings.push(finding);
    }

    /// Reports an option that decides who gets in and is unsupported.
    pub(crate) fn unsupported(&self, advice: &str) {
        let message = format!("unsupported, although it decides who gets in: {advice}");
        let finding = self.finding(message);
        self.findings.borrow_mut().unsupported.push(finding);
    }

    /// Notes that what is written here has no effect, and what takes care of it.
    pub(crate) fn ignore(&self, instead: &'static str) {
        self.note(Ignored::DoneElsewhere(instead));
    }

    pub(super) fn note(&self, why: Ignored) {
        let ignored = (self.path.clone(), why);
        self.findings.borrow_mut().ignored.push(ignored);
    }

    fn finding(&self, message: String) -> Finding {
        Finding {
            key: self.path.clone(),
            origin: self.origin.clone(),
            message,
        }
    }
}
