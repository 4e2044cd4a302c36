//! Lists.

use std::marker::PhantomData;

use super::super::key::Kind;
use super::super::section::{Entry, Place};
use super::super::tree::{Node, Value};
use super::texts::Choice;
use super::{OneOf, Type, expect};

impl<T: Type> Type for Vec<T> {
    type Value = Vec<Entry<T>>;
    const KIND: Kind = Kind::List(&T::KIND);

    fn convert(node: &Node, at: &Place) -> Option<Self::Value> {
        match &node.value {
            Value::List(items) => Some(convert_items(items, at)),
            _ => expect(Self::KIND, node, at, None),
        }
    }
}

/// The items that are not mistakes.
fn convert_items<T: Type>(items: &[Node], at: &Place) -> Vec<Entry<T>> {
    let items = items.iter().enumerate();
    let entries = items.filter_map(|(index, item)| {
        let at = at.item(index, item);
        Some(Entry::item(T::convert(item, &at)?, at))
    });
    entries.collect()
}

/// The values of a list.
pub(crate) fn values<T: Type<Value: Clone>>(entries: &[Entry<T>]) -> Vec<T::Value> {
    entries.iter().map(|entry| T::Value::clone(entry)).collect()
}

/// A list of strings, or a single string.
pub(crate) struct Texts;

impl Type for Texts {
    type Value = Vec<String>;
    const KIND: Kind = Kind::Texts;

    fn convert(node: &Node, at: &Place) -> Option<Vec<String>> {
        match &node.value {
            Value::Text(text) => Some(vec![text.clone()]),
            Value::List(items) => Some(values::<String>(&convert_items(items, at))),
            _ => expect(Self::KIND, node, at, None),
        }
    }
}

/// Some of the words of a [`Choice`], each once: a list, `true` for all or `false` for none.
pub(crate) struct AllOrSome<C>(PhantomData<C>);

/// What was chosen from several words.
pub(crate) struct Selection<C> {
    /// Was `true` written?
    pub(crate) all: bool,
    /// Each once.
    pub(crate) chosen: Vec<C>,
}

impl<C: Choice + PartialEq> Type for AllOrSome<C> {
    type Value = Selection<C>;
    const KIND: Kind = Kind::Some(C::WORDS);

    fn convert(node: &Node, at: &Place) -> Option<Selection<C>> {
        let (all, chosen) = match &node.value {
            Value::Flag(true) => (true, C::VALUES.to_vec()),
            Value::Flag(false) => (false, Vec::new()),
            Value::List(items) => {
                let mut chosen = values::<OneOf<C>>(&convert_items(items, at));
                let mut seen = Vec::new();
                chosen.retain(|it| {
                    !seen.contains(it) && {
                        seen.push(*it);
                        true
                    }
                });
                (false, chosen)
            }
            _ => return expect(Self::KIND, node, at, None),
        };
        Some(Selection { all, chosen })
    }
}
