//! Strings, and what is parsed from strings.

use std::marker::PhantomData;
use std::path::PathBuf;

use http::HeaderName;
use registrar_domain::model::id::{Localpart, ServerName};
use registrar_domain::model::pattern::Pattern;
use registrar_http_client::HttpUrl;

use super::super::key::Kind;
use super::super::section::Place;
use super::super::tree::{Node, Value};
use super::{Type, expect};

scalar!(String => String, Kind::Text, |value| match value {
    Value::Text(text) => Some(text.clone()),
    _ => None,
});

// Relative to the working directory unless absolute.
scalar!(PathBuf => PathBuf, Kind::Text, |value| match value {
    Value::Text(text) => Some(PathBuf::from(text)),
    _ => None,
});

/// A string in which a password may stand.
pub(crate) struct Private;

scalar!(Private => String, Kind::Private, |value| match value {
    Value::Text(text) => Some(text.clone()),
    _ => None,
});

/// A string, or a number as its string.
pub(crate) struct Label;

scalar!(Label => String, Kind::Label, Value::label);

/// Implements [`Type`] by a function from text.
macro_rules! parsed {
    ($type:ty, $parse:expr) => {
        impl Type for $type {
            type Value = Self;
            const KIND: Kind = Kind::Text;

            fn convert(node: &Node, at: &Place) -> Option<Self> {
                let text = String::convert(node, at)?;
                at.accept($parse(&text))
            }
        }
    };
}

parsed!(HttpUrl, HttpUrl::parse);
parsed!(ServerName, ServerName::parse);
parsed!(Localpart, |text| {
    Localpart::read(text).ok_or("is not a localpart such as `notices`")
});
parsed!(HeaderName, |text: &str| {
    text.parse::<Self>()
        .map_err(|_| "is not the name of a header")
});
parsed!(Pattern, |text| {
    Pattern::parse(text).map_err(|error| format!("is not a regular expression: {error}"))
});

/// The values of an option that takes one of several words.
pub(crate) trait Choice: Copy + 'static {
    /// What can be written.
    const WORDS: &'static [&'static str];
    /// What each word means.
    const VALUES: &'static [Self];

    /// The meaning of a word.
    fn of(word: &str) -> Option<Self> {
        let at = Self::WORDS.iter().position(|it| *it == word)?;
        Self::VALUES.get(at).copied()
    }

    /// The word for this.
    fn word(self) -> &'static str
    where
        Self: PartialEq,
    {
        let at = Self::VALUES.iter().position(|it| *it == self);
        at.map_or("", |at| Self::WORDS[at])
    }
}

/// One of the words of a [`Choice`].
pub(crate) struct OneOf<C>(PhantomData<C>);

impl<C: Choice> Type for OneOf<C> {
    type Value = C;
    const KIND: Kind = Kind::Choice(C::WORDS);

    fn convert(node: &Node, at: &Place) -> Option<C> {
        let choice = node.value.label().and_then(|word| C::of(&word));
        expect(Self::KIND, node, at, choice)
    }
}
