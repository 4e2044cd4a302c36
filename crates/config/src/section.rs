//! Reading a mapping key by key, without stopping at the first mistake.
//!
//! Every key becomes an [`Entry`], which always has a value: when the written one is wrong, that is
//! reported and the default stands for it, so that reading goes on and every mistake is found. What
//! was reported must be looked at afterwards.

mod place;
mod refusal;

use std::cell::RefCell;
use std::ops::Deref;
use std::rc::Rc;

pub(crate) use self::place::Place;

use super::catalog;
use super::findings::{Findings, Ignored, Shown};
use super::key::{Effect, Groups, Key, Kind};
use super::spelling;
use super::tree::{Mapping, Node, Value};
use super::types::{Optional, Type};

/// A mapping of the configuration, or the absence of one.
pub(crate) struct Section<'a> {
    at: Place,
    mapping: Option<&'a Mapping>,
}

/// A key that has been read. It stands for its value.
pub(crate) struct Entry<T: Type> {
    value: T::Value,
    presence: Presence,
    /// Where it is written, or would be.
    pub(crate) at: Place,
}

/// How a key is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Presence {
    Absent,
    Null,
    /// With an empty string, or with a mapping without keys.
    Empty,
    Given,
}

impl<'a> Section<'a> {
    /// The whole configuration.
    pub(crate) fn root(mapping: &'a Mapping, findings: &Rc<RefCell<Findings>>) -> Self {
        Self::open(Place::root(findings), catalog::GROUPS, mapping)
    }

    /// A mapping that is written. Reports keys that are not declared: as mistakes in this server's own
    /// section, as ignored elsewhere, because there they may be a homeserver's.
    pub(crate) fn open(at: Place, groups: Groups, mapping: &'a Mapping) -> Self {
        for (name, node) in mapping.iter() {
            look_at(&at.inside(name, Some(node)), name, groups, &at);
        }
        Self {
            at,
            mapping: Some(mapping),
        }
    }

    /// A mapping that is not written.
    pub(crate) fn absent(at: &Place) -> Self {
        Self {
            at: at.clone(),
            mapping: None,
        }
    }

    /// Reads a key with a default.
    pub(crate) fn or_default<T: Type>(&self, key: &'static Key, default: &str) -> Entry<T> {
        self.entry(key, |at| {
            let default = key.kind.parse(default);
            T::convert(&default, at).expect("a default is a value of its type")
        })
    }

    /// Reads a key that may be left out.
    pub(crate) fn optional<T: Optional>(&self, key: &'static Key) -> Entry<T> {
        self.entry(key, T::absent)
    }

    fn entry<T: Type>(
        &self,
        key: &'static Key,
        otherwise: impl FnOnce(&Place) -> T::Value,
    ) -> Entry<T> {
        let (at, node) = self.find(key.name);
        let presence = match self.twin(key) {
            Some(_) => Presence::Given,
            None => Presence::of(node, &key.kind),
        };
        let written = node.filter(|_| Presence::of(node, &key.kind) == Presence::Given);
        let value = T::find(self, key, written, &at);
        self.show(key, written, presence, &at);
        Entry {
            value: value.unwrap_or_else(|| otherwise(&at)),
            presence,
            at,
        }
    }

    /// The file that a secret is in, if one is named.
    pub(crate) fn twin(&self, key: &Key) -> Option<(Place, &'a Node)> {
        let (at, node) = self.find(&key.file_twin()?);
        Some((at, node.filter(|node| !node.is_null())?))
    }

    /// Adds a key to what the report shows: what is written, or else the default.
    fn show(&self, key: &Key, written: Option<&Node>, presence: Presence, at: &Place) {
        let is_default = presence != Presence::Given;
        let value = match (written, key.default) {
            _ if key.effect != Effect::Served || key.kind.keys().is_some() => return,
            _ if !is_default && !key.kind.is_public() => "given".to_owned(),
            (Some(node), _) => node.value.show(),
            (None, Some(default)) => default.to_owned(),
            (None, None) => return,
        };
        let shown = Shown {
            path: at.path.clone(),
            value,
            is_default,
        };
        at.findings.borrow_mut().shown.push(shown);
    }

    /// The place of a key, and what is written there.
    fn find(&self, name: &str) -> (Place, Option<&'a Node>) {
        let node = self.mapping.and_then(|mapping| mapping.get(name));
        (self.at.inside(name, node), node)
    }

    /// What is written at the end of a path of keys, declared or not.
    pub(crate) fn written(&self, path: &[&str]) -> Option<(Place, &'a Node)> {
        let (first, rest) = path.split_first()?;
        let (at, node) = self.find(first);
        match (&node?.value, rest) {
            (_, []) => Some((at, node?)),
            (Value::Mapping(mapping), rest) => {
                let inner = Section {
                    at,
                    mapping: Some(mapping),
                };
                inner.written(rest)
            }
            _ => None,
        }
    }
}

/// Reports a key that is not declared or has no effect.
fn look_at(at: &Place, name: &str, groups: Groups, section: &Place) {
    let keys = || groups.iter().copied().flatten();
    if let Some(key) = keys().find(|key| key.covers(name)) {
        if key.effect == Effect::None {
            at.ignore(key.doc());
        }
        return;
    }
    let nearest = spelling::nearest(name, keys().map(|key| key.name));
    let hint = nearest.map(|known| format!("; did you mean `{known}`?"));
    let hint = hint.as_deref().unwrap_or_default();
    if section.is_own() {
        at.refuse(format!("unknown option{hint}"));
        return;
    }
    let instead = catalog::done_elsewhere(name).filter(|_| section.path.is_empty());
    if let Some(instead) = instead {
        at.ignore(instead);
        return;
    }
    at.note(Ignored::Unknown);
    if nearest.is_some() {
        at.warn(format!("unknown option, ignored{hint}"));
    }
}

impl Presence {
    fn of(node: Option<&Node>, kind: &Kind) -> Self {
        match node.map(|node| &node.value) {
            None => Self::Absent,
            Some(Value::Null) => Self::Null,
            Some(Value::Text(text)) if text.is_empty() && kind.is_plain_text() => Self::Empty,
            Some(Value::Mapping(mapping)) if mapping.is_empty() && kind.is_section() => Self::Empty,
            Some(_) => Self::Given,
        }
    }
}

impl<T: Type> Entry<T> {
    /// An item of a list.
    pub(crate) fn item(value: T::Value, at: Place) -> Self {
        Self {
            value,
            presence: Presence::Given,
            at,
        }
    }

    /// A copy of the value.
    pub(crate) fn cloned(&self) -> T::Value
    where
        T::Value: Clone,
    {
        self.value.clone()
    }

    /// The value.
    pub(crate) fn into_value(self) -> T::Value {
        self.value
    }

    /// The value, and where it is written.
    pub(crate) fn into_parts(self) -> (T::Value, Place) {
        (self.value, self.at)
    }

    /// Is it written, with more than `null`, an empty string or an empty mapping?
    pub(crate) fn is_given(&self) -> bool {
        self.presence == Presence::Given
    }

    /// Is it written as `null`, as opposed to not at all?
    pub(crate) fn is_null(&self) -> bool {
        self.presence == Presence::Null
    }

    /// Is it written, with whatever value?
    pub(crate) fn is_written(&self) -> bool {
        self.presence != Presence::Absent
    }

    /// Reports that the key is missing, unless it is given.
    pub(crate) fn require(&self, message: &str) {
        if !self.is_given() {
            self.at.mistake(message);
        }
    }
}

impl<T: Type> Deref for Entry<T> {
    type Target = T::Value;

    fn deref(&self) -> &T::Value {
        &self.value
    }
}
