//! What a route's path captures.

use std::sync::Arc;

/// What the parameters of a pattern stand for in a path, decoded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Parameters(Vec<(Arc<str>, String)>);

impl Parameters {
    /// Names with what they stand for.
    pub(crate) fn new(pairs: Vec<(Arc<str>, String)>) -> Self {
        Self(pairs)
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(key, _)| **key == *name)
            .map(|(_, value)| value.as_str())
    }
}
