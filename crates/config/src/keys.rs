//! The declaration of the keys of a section.

use super::key::{Groups, Key};
use super::section::Section;

/// A struct of keys, made by [`keys!`].
pub(crate) trait Keys: Sized {
    /// The declarations.
    const KEYS: &'static [Key];
    /// The keys of a mapping that consists of these.
    const GROUPS: Groups = &[Self::KEYS];

    /// Reads all keys, whatever is wrong with another.
    fn read(section: &Section<'_>) -> Self;
}

/// Declares the keys of a section as a struct, each once:
///
/// ```text
/// keys! {
///     /// The keys of `registrar.log`.
///     pub(crate) struct LogKeys {
///         /// What is logged, such as `info` or `warn,registrar_domain=debug`.
///         filter: String = "info",
///         /// The file to write to. Default: standard output.
///         file: Option<PathBuf>,
///     }
/// }
/// ```
///
/// The documentation of a field is what operators read. Its type is a [`Type`](crate::types::Type),
/// which decides what can be written; the default follows as YAML, and a key without one is an
/// `Option`, a section, or [without effect](crate::types::Inert). A field that cannot be called like
/// its key is declared as `kind as "type": …`. An option that nobody uses is a warning of the
/// compiler; keys without effect follow in a block `unused { … }` and become no fields.
macro_rules! keys {
    (
        $(#[$meta:meta])*
        $vis:vis struct $section:ident {
            $(
                $(#[doc = $doc:literal])+
                $field:ident $(as $name:literal)?: $type:ty $(= $default:literal)?,
            )*
        }
        $(unused {
            $(
                $(#[doc = $unused_doc:literal])+
                $unused:ident: $unused_type:ty $(= $unused_default:literal)?,
            )*
        })?
    ) => {
        $(#[$meta])*
        $vis struct $section {
            $(
                $(#[doc = $doc])+
                $vis $field: $crate::section::Entry<$type>,
            )*
        }

        impl $crate::keys::Keys for $section {
            const KEYS: &'static [$crate::key::Key] = &[
                $($crate::key::Key {
                    name: $crate::keys::first!($($name,)? stringify!($field)),
                    kind: <$type as $crate::types::Type>::KIND,
                    default: $crate::keys::first!($(Some($default),)? None),
                    doc: concat!($($doc),+),
                    effect: <$type as $crate::types::Type>::EFFECT,
                },)*
                $($($crate::key::Key {
                    name: stringify!($unused),
                    kind: <$unused_type as $crate::types::Type>::KIND,
                    default: $crate::keys::first!($(Some($unused_default),)? None),
                    doc: concat!($($unused_doc),+),
                    effect: <$unused_type as $crate::types::Type>::EFFECT,
                },)*)?
            ];

            fn read(section: &$crate::section::Section<'_>) -> Self {
                let mut keys = Self::KEYS.iter();
                let mut key = || keys.next().expect("one for each field");
                let read = Self {
                    $($field: $crate::keys::first!(
                        $(section.or_default::<$type>(key(), $default),)?
                        section.optional::<$type>(key())
                    ),)*
                };
                $($($crate::keys::first!(
                    $(section.or_default::<$unused_type>(key(), $unused_default),)?
                    section.optional::<$unused_type>(key())
                );)*)?
                read
            }
        }
    };
}

/// The first of several expressions.
macro_rules! first {
    ($first:expr $(, $other:expr)?) => {
        $first
    };
}

pub(crate) use {first, keys};
