//! The types of keys: what can be written, and what it becomes.

/// Implements [`Type`] by a function from YAML.
macro_rules! scalar {
    ($type:ty => $value:ty, $kind:expr, $convert:expr) => {
        impl Type for $type {
            type Value = $value;
            const KIND: Kind = $kind;

            fn convert(node: &Node, at: &Place) -> Option<$value> {
                let convert: fn(&Value) -> Option<$value> = $convert;
                expect(Self::KIND, node, at, convert(&node.value))
            }
        }
    };
}

mod lists;
mod secrets;
mod texts;

use std::marker::PhantomData;
use std::time::Duration;

pub(crate) use self::lists::{AllOrSome, Texts, values};
pub(crate) use self::secrets::{GUESSABLE, LateSecret, is_guessable, warn_if_guessable};
pub(crate) use self::texts::{Choice, Label, OneOf, Private};

use super::key::{Effect, Key, Kind};
use super::keys::Keys;
use super::section::{Place, Section};
use super::syntax;
use super::tree::{Mapping, Node, Value};

/// What a key takes.
pub(crate) trait Type {
    /// What is written becomes this.
    type Value;

    /// How it is documented.
    const KIND: Kind;

    /// Has the key an effect?
    const EFFECT: Effect = Effect::Served;

    /// The value of what is written. `None` after a reported mistake.
    fn convert(node: &Node, at: &Place) -> Option<Self::Value>;

    /// The same, if the key is written with more than nothing.
    fn find(
        _section: &Section<'_>,
        _key: &Key,
        written: Option<&Node>,
        at: &Place,
    ) -> Option<Self::Value> {
        written.and_then(|node| Self::convert(node, at))
    }
}

/// The type of a key that needs no default.
pub(crate) trait Optional: Type {
    /// The value of an absent key.
    fn absent(at: &Place) -> Self::Value;
}

impl<T: Type> Type for Option<T> {
    type Value = Option<T::Value>;
    const KIND: Kind = T::KIND;
    const EFFECT: Effect = T::EFFECT;

    fn convert(node: &Node, at: &Place) -> Option<Self::Value> {
        T::convert(node, at).map(Some)
    }

    fn find(
        section: &Section<'_>,
        key: &Key,
        written: Option<&Node>,
        at: &Place,
    ) -> Option<Self::Value> {
        T::find(section, key, written, at).map(Some)
    }
}

impl<T: Type> Optional for Option<T> {
    fn absent(_at: &Place) -> Self::Value {
        None
    }
}

/// A section. As an `Option` it is absent unless it is written with at least one key; otherwise it
/// always is there, with its defaults.
impl<K: Keys> Type for K {
    type Value = K;
    const KIND: Kind = Kind::Section(K::GROUPS);

    fn convert(node: &Node, at: &Place) -> Option<K> {
        let Value::Mapping(mapping) = &node.value else {
            at.wrong_kind(&Self::KIND, &node.value);
            return None;
        };
        Some(K::read(&Section::open(at.clone(), K::GROUPS, mapping)))
    }
}

impl<K: Keys> Optional for K {
    fn absent(at: &Place) -> K {
        K::read(&Section::absent(at))
    }
}

/// A key that is accepted because a homeserver has it, and not even looked at.
pub(crate) struct Inert<T>(PhantomData<T>);

impl<T: Type> Type for Inert<T> {
    type Value = ();
    const KIND: Kind = T::KIND;
    const EFFECT: Effect = Effect::None;

    fn convert(_node: &Node, _at: &Place) -> Option<()> {
        Some(())
    }
}

impl<T: Type> Optional for Inert<T> {
    fn absent(_at: &Place) {}
}

/// A key that has no effect but is checked, because a homeserver does not start with a mistake in it.
pub(crate) struct Checked<T>(PhantomData<T>);

impl<T: Type> Type for Checked<T> {
    type Value = T::Value;
    const KIND: Kind = T::KIND;
    const EFFECT: Effect = Effect::None;

    fn convert(node: &Node, at: &Place) -> Option<T::Value> {
        T::convert(node, at)
    }

    fn find(
        section: &Section<'_>,
        key: &Key,
        written: Option<&Node>,
        at: &Place,
    ) -> Option<T::Value> {
        T::find(section, key, written, at)
    }
}

impl<T: Optional> Optional for Checked<T> {
    fn absent(at: &Place) -> T::Value {
        T::absent(at)
    }
}

/// Reports what is not of a kind.
fn expect<T>(kind: Kind, node: &Node, at: &Place, value: Option<T>) -> Option<T> {
    if value.is_none() {
        at.wrong_kind(&kind, &node.value);
    }
    value
}

scalar!(bool => bool, Kind::Flag, |value| match value {
    Value::Flag(flag) => Some(*flag),
    Value::Integer(0) => Some(false),
    Value::Integer(1) => Some(true),
    _ => None,
});

/// A boolean that may also be written as one of the usual words.
pub(crate) struct Switch;
scalar!(Switch => bool, Kind::Switch, syntax::switch);

scalar!(Duration => Duration, Kind::Duration, syntax::duration);

/// A size in bytes.
pub(crate) struct Size;
scalar!(Size => u64, Kind::Size, syntax::size);

// With keys of the operator's choice.
scalar!(Mapping => Mapping, Kind::Mapping, |value| match value {
    Value::Mapping(mapping) => Some(mapping.clone()),
    _ => None,
});

// A number that is not negative.
scalar!(f64 => f64, Kind::Number, |value| match value {
    #[expect(clippy::cast_precision_loss, reason = "no rate needs 53 bits")]
    Value::Integer(integer) if *integer >= 0 => Some(*integer as f64),
    Value::Number(number) if *number >= 0.0 => Some(*number),
    Value::Text(text) => text
        .trim()
        .parse()
        .ok()
        .filter(|number: &f64| number.is_finite() && *number >= 0.0),
    _ => None,
});

/// A duration that is longer than 0.
pub(crate) struct Positive;

impl Type for Positive {
    type Value = Duration;
    const KIND: Kind = Kind::Duration;

    fn convert(node: &Node, at: &Place) -> Option<Duration> {
        let duration = Duration::convert(node, at)?;
        if duration.is_zero() {
            at.refuse("must be longer than 0");
        }
        Some(duration)
    }
}

/// An integer from `MIN` to `MAX`.
pub(crate) struct Int<T, const MIN: i64, const MAX: i64>(PhantomData<T>);

impl<T: TryFrom<i64>, const MIN: i64, const MAX: i64> Type for Int<T, MIN, MAX> {
    type Value = T;
    const KIND: Kind = Kind::Integer(MIN, MAX);

    fn convert(node: &Node, at: &Place) -> Option<T> {
        let integer = match &node.value {
            Value::Integer(integer) => Some(*integer),
            // In quotes, as templates and Helm charts write them.
            Value::Text(text) => text.trim().parse().ok(),
            _ => None,
        };
        let integer = integer
            .filter(|integer| (MIN..=MAX).contains(integer))
            .and_then(|integer| T::try_from(integer).ok());
        expect(Self::KIND, node, at, integer)
    }
}
