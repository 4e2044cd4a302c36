//! Reading a mapping key by key, without stopping at the first mistake.
//!
//! A [`Section`] knows its path, the keys that are declared for it, and where to report. Its
//! accessors always give a value: when the written one is wrong they report it and give the
//! default, so that reading goes on and every mistake is found. Whoever reads must look at the
//! findings afterwards.

mod refusal;
mod scalars;

use std::cell::RefCell;

use super::findings::{Finding, Findings, Ignored, Origin};
use super::key::{Key, Kind};
use super::tree::{Mapping, Node, Value};
use super::{catalog, spelling};

/// A mapping of the configuration, or the absence of one.
pub(super) struct Section<'a> {
    path: String,
    keys: Vec<&'static Key>,
    mapping: Option<&'a Mapping>,
    origin: Option<Origin>,
    findings: &'a RefCell<Findings>,
}

impl<'a> Section<'a> {
    /// The whole configuration.
    pub(super) fn root(mapping: &'a Mapping, findings: &'a RefCell<Findings>) -> Self {
        let keys = catalog::keys().collect();
        Self {
            path: String::new(),
            keys,
            mapping: Some(mapping),
            origin: None,
            findings,
        }
        .without_unknown_keys()
    }

    /// A nested section, which may be absent.
    pub(super) fn section(&self, name: &str) -> Section<'a> {
        let key = self.key(name);
        let Kind::Section(keys) = key.kind else {
            unreachable!("`{name}` is declared as a section");
        };
        let mapping = match self.given(name).map(|node| &node.value) {
            None => None,
            Some(Value::Mapping(mapping)) => Some(mapping),
            Some(other) => {
                self.wrong_kind(key, other);
                None
            }
        };
        let origin = self.node(name).map(|node| node.origin.clone());
        self.inner(name, keys, mapping, origin)
    }

    /// A list of sections; `None` when absent, or when it is no list.
    pub(super) fn sections(&self, name: &str) -> Option<Vec<Section<'a>>> {
        let key = self.key(name);
        let Kind::List(Kind::Section(keys)) = key.kind else {
            unreachable!("`{name}` is declared as a list of sections");
        };
        let items = match &self.given(name)?.value {
            Value::List(items) => items,
            other => {
                self.wrong_kind(key, other);
                return None;
            }
        };
        let mut sections = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            let place = format!("{name}[{index}]");
            let Value::Mapping(mapping) = &item.value else {
                let found = item.value.describe();
                self.wrong_value(&place, format!("expected a mapping, found {found}"));
                continue;
            };
            let origin = Some(item.origin.clone());
            sections.push(self.inner(&place, keys, Some(mapping), origin));
        }
        Some(sections)
    }

    /// A mapping with keys of the operator's choice; `None` when absent.
    pub(super) fn mapping(&self, name: &str) -> Option<&'a Mapping> {
        let key = self.key(name);
        match &self.given(name)?.value {
            Value::Mapping(mapping) => Some(mapping),
            other => {
                self.wrong_kind(key, other);
                None
            }
        }
    }

    /// Is the section itself written, with at least one key?
    pub(super) fn is_filled(&self) -> bool {
        self.mapping
            .is_some_and(|mapping| mapping.iter().next().is_some())
    }

    /// Is the key written as `null`, as opposed to not at all?
    pub(super) fn is_null(&self, name: &str) -> bool {
        self.node(self.key(name).name).is_some_and(Node::is_null)
    }

    /// Is the key written with something other than `null`?
    pub(super) fn is_given(&self, name: &str) -> bool {
        self.given(self.key(name).name).is_some()
    }

    /// Reports a mistake in a key, or in the section itself if the name is empty: something is missing,
    /// or options do not go together. Says nothing where a part of the configuration could not be
    /// read, since what is missing may stand there.
    pub(super) fn mistake(&self, name: &str, message: impl Into<String>) {
        if !self.findings.borrow().incomplete {
            self.wrong_value(name, message);
        }
    }

    /// Reports a mistake in the value of a key, whatever else is written.
    pub(super) fn wrong_value(&self, name: &str, message: impl Into<String>) {
        let finding = self.finding(name, message.into());
        self.findings.borrow_mut().mistakes.push(finding);
    }

    /// Reports something worth a look.
    pub(super) fn warning(&self, name: &str, message: impl Into<String>) {
        let finding = self.finding(name, message.into());
        self.findings.borrow_mut().warnings.push(finding);
    }

    /// Reports an option that decides who gets in and is not obeyed; `path` leads to it from here.
    pub(super) fn not_obeyed(&self, path: &[&str], advice: &str) {
        let message = format!("not obeyed, although it decides who gets in: {advice}");
        let mut finding = self.finding(&path.join("."), message);
        if let Some(node) = self.written(path) {
            finding.origin = Some(node.origin.clone());
        }
        self.findings.borrow_mut().not_obeyed.push(finding);
    }

    /// What is written at the end of a path of keys, declared or not.
    pub(super) fn written(&self, path: &[&str]) -> Option<&'a Node> {
        let (last, sections) = path.split_last()?;
        let mut mapping = self.mapping?;
        for name in sections {
            match &mapping.get(name)?.value {
                Value::Mapping(inner) => mapping = inner,
                _ => return None,
            }
        }
        mapping.get(last)
    }

    /// Notes that something written here has no effect, and what takes care of it.
    pub(super) fn ignore(&self, name: &str, instead: &'static str) {
        self.findings
            .borrow_mut()
            .ignored
            .push((self.join(name), Ignored::DoneElsewhere(instead)));
    }

    /// Reports that a key is missing, unless something else than an empty text was written there:
    /// then that has been reported itself.
    pub(super) fn require(&self, name: &str, message: impl Into<String>) {
        let written = match self.given(self.key(name).name).map(|node| &node.value) {
            None => false,
            Some(Value::Text(text)) => !text.is_empty(),
            Some(_) => true,
        };
        let in_a_file = self
            .key(name)
            .file_twin()
            .is_some_and(|twin| self.node(&twin).is_some());
        if !written && !in_a_file {
            self.mistake(name, message);
        }
    }

    /// Turns a refusal into a mistake at this key.
    pub(super) fn accept<T, E: std::fmt::Display>(
        &self,
        name: &str,
        result: Result<T, E>,
    ) -> Option<T> {
        result
            .map_err(|error| self.wrong_value(name, error.to_string()))
            .ok()
    }

    fn inner(
        &self,
        name: &str,
        keys: &'static [Key],
        mapping: Option<&'a Mapping>,
        origin: Option<Origin>,
    ) -> Section<'a> {
        let (path, findings) = (self.join(name), self.findings);
        let keys = keys.iter().collect();
        Section {
            path,
            keys,
            mapping,
            origin,
            findings,
        }
        .without_unknown_keys()
    }

    fn finding(&self, name: &str, message: String) -> Finding {
        let top = name.split('[').next().unwrap_or(name);
        let origin = self
            .node(top)
            .map(|node| node.origin.clone())
            .or_else(|| self.origin.clone());
        Finding {
            key: self.join(name),
            origin,
            message,
        }
    }

    fn join(&self, name: &str) -> String {
        match (self.path.is_empty(), name.is_empty()) {
            (true, _) => name.to_owned(),
            (false, true) => self.path.clone(),
            (false, false) => format!("{}.{name}", self.path),
        }
    }

    fn key(&self, name: &str) -> &'static Key {
        self.keys
            .iter()
            .find(|key| key.name == name)
            .unwrap_or_else(|| unreachable!("`{}` is declared", self.join(name)))
    }

    fn node(&self, name: &str) -> Option<&'a Node> {
        self.mapping?.get(name)
    }

    fn given(&self, name: &str) -> Option<&'a Node> {
        self.node(name).filter(|node| !node.is_null())
    }

    /// The written value, else the declared default. A refused value is reported.
    fn read<T>(&self, name: &str, convert: impl Fn(&Value) -> Option<T>) -> Option<T> {
        let key = self.key(name);
        if let Some(node) = self.given(name) {
            match convert(&node.value) {
                Some(value) => return Some(value),
                None => self.wrong_kind(key, &node.value),
            }
        }
        let default = catalog::default_value(key)?;
        let value = convert(&default);
        debug_assert!(
            value.is_some(),
            "the default of `{}` fits its kind",
            self.join(name)
        );
        value
    }

    fn wrong_kind(&self, key: &Key, found: &Value) {
        self.wrong_value(key.name, refusal::explain(key, found));
    }

    /// Reports keys that are not declared: as mistakes in this server's own section, as ignored
    /// elsewhere, because there they may be a homeserver's.
    fn without_unknown_keys(self) -> Self {
        let own = self.path == "registrar" || self.path.starts_with("registrar.");
        let Some(mapping) = self.mapping else {
            return self;
        };
        for (name, _) in mapping.iter() {
            if let Some(key) = self.keys.iter().find(|key| key.covers(name)) {
                if key.inert {
                    self.ignore(name, key.doc);
                }
                continue;
            }
            let names = self.keys.iter().map(|key| key.name);
            let nearest = spelling::nearest(name, names);
            let hint = nearest.map(|known| format!("; did you mean `{known}`?"));
            let hint = hint.as_deref().unwrap_or_default();
            if own {
                self.wrong_value(name, format!("unknown option{hint}"));
                continue;
            }
            let instead = catalog::done_elsewhere(name).filter(|_| self.path.is_empty());
            if let Some(instead) = instead {
                self.ignore(name, instead);
            } else {
                self.findings
                    .borrow_mut()
                    .ignored
                    .push((self.join(name), Ignored::Unknown));
                if nearest.is_some() {
                    self.warning(name, format!("unknown, and therefore ignored{hint}"));
                }
            }
        }
        self
    }
}
