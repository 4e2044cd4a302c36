//! What there is to say about a configuration: mistakes, warnings, and keys without effect.

use std::fmt;
use std::sync::Arc;

/// Where a value was written: a file and a line of it, or an environment variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    source: Arc<str>,
    line: Option<u64>,
}

impl Origin {
    /// Somewhere in `source`.
    pub(super) fn of(source: &Arc<str>) -> Self {
        Self {
            source: Arc::clone(source),
            line: None,
        }
    }

    /// A line of `source`; the first one has number 1, and 0 stands for an unknown one.
    pub(super) fn line(source: &Arc<str>, line: u64) -> Self {
        Self {
            source: Arc::clone(source),
            line: (line > 0).then_some(line),
        }
    }

    /// The source and the line in it, to sort by; a whole file comes before its lines.
    pub(super) fn place(&self) -> (&str, Option<u64>) {
        (&self.source, self.line)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}", self.source),
            None => f.write_str(&self.source),
        }
    }
}

/// One thing to tell the operator. Never contains the value of a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The path of the key, such as `email.notif_from`; empty when a whole file is meant.
    pub key: String,
    /// Where it was written, if it was.
    pub origin: Option<Origin>,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(origin) = &self.origin {
            write!(f, "{origin}: ")?;
        }
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&self.message)
    }
}

/// Why a key of the file does nothing here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ignored {
    /// Something else takes care of it: this says what.
    DoneElsewhere(&'static str),
    /// This server does not know it.
    Unknown,
}

/// A key and its value, for the report. Never shows a secret.
#[derive(Debug)]
pub(crate) struct Shown {
    pub(crate) path: String,
    pub(crate) value: String,
    /// Is it not written?
    pub(crate) is_default: bool,
}

/// Everything found while reading a configuration, in the order of discovery.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    /// Some of what was written could not be read, so nothing can be said about what is missing, nor about
    /// how options go together.
    pub(crate) incomplete: bool,
    /// Each of them stops the server from starting.
    pub(crate) mistakes: Vec<Finding>,
    /// Options that decide who gets in, and that this server does not obey.
    pub(crate) unsupported: Vec<Finding>,
    /// Worth a look, but no reason not to start.
    pub(crate) warnings: Vec<Finding>,
    /// Paths of keys without effect.
    pub(crate) ignored: Vec<(String, Ignored)>,
    /// Keys with an effect and their values, in the order of reading.
    pub(crate) shown: Vec<Shown>,
}

/// The configuration cannot be used. Displays every mistake, one a line.
#[derive(Debug, thiserror::Error)]
#[error("{}", list(.0))]
pub struct ConfigError(pub Vec<Finding>);

fn list(mistakes: &[Finding]) -> String {
    let mut text = match mistakes.len() {
        1 => "the configuration has a mistake:".to_owned(),
        count => format!("the configuration has {count} mistakes:"),
    };
    let mut mistakes: Vec<&Finding> = mistakes.iter().collect();
    mistakes.sort_by_key(|mistake| mistake.origin.as_ref().map(Origin::place));
    for mistake in mistakes {
        text.push_str("\n  ");
        text.push_str(&mistake.to_string());
    }
    text
}
