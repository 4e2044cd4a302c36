//! How a path of the table is compared with the path of a request.

use std::sync::Arc;

use percent_encoding::percent_decode_str;

use crate::request::Parameters;

/// Does a pattern match paths that go on after it?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Exact,
    Open,
}

/// A path of the table, taken apart.
pub(crate) struct Pattern {
    pieces: Vec<Piece>,
    ending: Ending,
}

enum Piece {
    Literal(String),
    /// Everything up to the next slash.
    Parameter(Arc<str>),
}

impl Pattern {
    pub(super) fn parse(text: &str, ending: Ending) -> Self {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((literal, parameter)) = rest.split_once('{') {
            let (name, after) = parameter
                .split_once('}')
                .expect("a parameter in the table of routes is closed");
            pieces.push(Piece::Literal(literal.to_owned()));
            pieces.push(Piece::Parameter(name.into()));
            rest = after;
        }
        pieces.push(Piece::Literal(rest.to_owned()));
        Self { pieces, ending }
    }

    /// Does the pattern match one path only?
    pub(super) fn is_literal(&self) -> bool {
        self.ending == Ending::Exact && self.pieces.len() == 1
    }

    pub(super) fn matches(&self, path: &str) -> Option<Parameters> {
        let mut parameters = Vec::new();
        let mut rest = path;
        for piece in &self.pieces {
            match piece {
                Piece::Literal(literal) => rest = rest.strip_prefix(literal.as_str())?,
                Piece::Parameter(name) => {
                    let (value, after) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
                    let value = percent_decode_str(value).decode_utf8_lossy().into_owned();
                    parameters.push((Arc::clone(name), value));
                    rest = after;
                }
            }
        }
        (self.ending == Ending::Open || rest.is_empty()).then(|| Parameters::new(parameters))
    }
}
