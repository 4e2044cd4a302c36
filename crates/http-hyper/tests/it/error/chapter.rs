//! Chapters of the document: an error type, and a sample of each of its variants.

use std::fmt::Display;

use registrar_http_hyper::error::MatrixError;

/// An error type with all its variants, in the order of the checks where there is one.
pub(super) struct Chapter {
    pub(super) error: &'static str,
    /// Where the error is met.
    pub(super) about: &'static str,
    pub(super) rows: Vec<Row>,
}

pub(super) struct Row {
    pub(super) variant: &'static str,
    /// What the sample is made of.
    pub(super) detail: &'static str,
    pub(super) entry: Entry,
}

pub(super) enum Entry {
    /// The variant carries an error with a chapter of its own.
    Carries(&'static str),
    /// When it is met, and what it becomes.
    Own(String, MatrixError),
}

pub(super) fn own<E: Display + Into<MatrixError>>(error: E) -> Entry {
    Entry::Own(error.to_string(), error.into())
}

/// The row of an error that has no variants.
pub(super) fn single(error: &'static str, entry: Entry) -> Row {
    Row {
        variant: error,
        detail: "",
        entry,
    }
}

/// Writes a chapter: each variant with what it takes to make one, several times where its fields
/// matter, or with the error that it carries (`=> Inner`).
///
/// The names of the variants come from a `match`, so that the compiler asks for new ones.
macro_rules! chapter {
    (
        $error:ident as $refusal:ident, $about:literal:
        $($variant:ident $(( $($args:tt)* ))* $({ $($fields:tt)* })* $(=> $inner:ident)?,)+
    ) => {{
        fn name(error: &$error) -> &'static str {
            match error {
                $($error::$variant { .. } => stringify!($variant),)+
            }
        }
        let mut rows = Vec::new();
        $(chapter!(
            @rows rows name $error $refusal $variant
            $(( $($args)* ))* $({ $($fields)* })* $(=> $inner)?
        );)+
        Chapter { error: stringify!($refusal), about: $about, rows }
    }};
    (@rows $rows:ident $name:ident $error:ident $refusal:ident $variant:ident => $inner:ident) => {
        $rows.push(Row {
            variant: stringify!($variant),
            detail: "",
            entry: Entry::Carries(stringify!($inner)),
        })
    };
    (@rows $rows:ident $name:ident $error:ident $refusal:ident $variant:ident) => {
        chapter!(@row $rows $name $refusal ""; $error::$variant)
    };
    (
        @rows $rows:ident $name:ident $error:ident $refusal:ident $variant:ident $($group:tt)+
    ) => {
        $(chapter!(@row $rows $name $refusal stringify!($group); $error::$variant $group);)+
    };
    (@row $rows:ident $name:ident $refusal:ident $detail:expr; $sample:expr) => {{
        let sample = $sample;
        $rows.push(Row {
            variant: $name(&sample),
            detail: $detail,
            entry: own($refusal::from(sample)),
        });
    }};
    ($error:ident, $($rest:tt)+) => { chapter!($error as $error, $($rest)+) };
}
