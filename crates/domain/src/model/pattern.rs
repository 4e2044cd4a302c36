//! [`Pattern`]: an operator's regular expression, in Python's syntax.
//!
//! The patterns of `allowed_local_3pids` and of application services are written for Synapse, which
//! matches them with Python's `re.match`: from the first character on, and not necessarily to the
//! last. Look-around and back-references are part of that language, so matching may have to
//! backtrack; a limit on its steps keeps one pattern from holding a thread for long.

mod python;

use fancy_regex::{Regex, RegexBuilder};

/// How often matching may backtrack before it is given up: some tens of milliseconds.
const MAX_BACKTRACKS: usize = 100_000;
/// The most memory for one compiled pattern, in bytes.
const MAX_COMPILED_BYTES: usize = 1 << 20;
/// The longest pattern, in bytes.
const MAX_PATTERN_BYTES: usize = 64 * 1024;

/// A regular expression of the operator's.
#[derive(Clone, Debug)]
pub struct Pattern {
    source: String,
    regex: Regex,
}

/// A pattern that cannot be read. Says why, in words for the operator.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PatternError(String);

/// What comparing a string with a pattern found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Matching {
    /// The beginning of the string matches.
    Match,
    /// It does not.
    NoMatch,
    /// Nobody knows: the comparison took too many steps. Callers choose the side that lets nobody in.
    TooExpensive,
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// [`PatternError`] where Python would not read it either, where it is too large, and for the
    /// few things that Python alone has (`\N{…}`, the flags `a` and `L`).
    pub fn parse(source: &str) -> Result<Self, PatternError> {
        if source.len() > MAX_PATTERN_BYTES {
            return Err(PatternError(format!(
                "it is longer than {MAX_PATTERN_BYTES} bytes"
            )));
        }
        let translated = python::translate(source).map_err(PatternError)?;
        let regex = RegexBuilder::new(&format!(r"\A(?:{translated})"))
            .backtrack_limit(MAX_BACKTRACKS)
            .delegate_size_limit(MAX_COMPILED_BYTES)
            .delegate_dfa_size_limit(MAX_COMPILED_BYTES)
            .build()
            .map_err(|error| PatternError(reason(&error)))?;
        Ok(Self {
            source: source.to_owned(),
            regex,
        })
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.source
    }

    /// Compares the beginning of `text` with the pattern.
    ///
    /// A comparison that is given up is logged, with the pattern and without the string.
    pub fn matches(&self, text: &str) -> Matching {
        match self.regex.is_match(text) {
            Ok(true) => Matching::Match,
            Ok(false) => Matching::NoMatch,
            Err(error) => {
                tracing::warn!(
                    pattern = %self.source,
                    error = %error,
                    "a regular expression of the configuration took too many steps"
                );
                Matching::TooExpensive
            }
        }
    }
}

/// The last line of a library's explanation says what is wrong; those before it draw a picture.
fn reason(error: &fancy_regex::Error) -> String {
    let text = error.to_string();
    let last = text.lines().last().unwrap_or_default().trim();
    last.strip_prefix("error: ").unwrap_or(last).to_owned()
}

#[cfg(test)]
mod tests;
