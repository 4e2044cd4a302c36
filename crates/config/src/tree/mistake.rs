//! What is wrong with a document, in words for operators.

use serde_saphyr::Error;

/// What is said about an alias without an anchor.
pub(super) const UNKNOWN_ANCHOR: &str = "this alias (`*name`) has no anchor (`&name`) above it";

/// Says what is wrong and what to do, without the place, which findings have anyway, and without
/// what was written, which may be a secret.
pub(super) fn explain(error: &Error) -> String {
    match error.without_snippet() {
        Error::MultipleDocuments { .. } => "a file holds one YAML document, and a second one \
             begins here: remove the `---`, or split the file and name both with `--config`"
            .to_owned(),
        Error::UnsupportedTag { tag, .. } => format!(
            "the tag `{tag}` is not understood: write the value itself, or put a secret into a file \
             and name it with the option that ends in `_path`"
        ),
        Error::UnknownAnchor { .. } => UNKNOWN_ANCHOR.to_owned(),
        Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. }
        | Error::Budget { .. } => "the aliases (`*name`) make this document too large".to_owned(),
        Error::Eof { .. } => "the document ends in the middle of a value".to_owned(),
        Error::AliasError { error, .. } => explain(error),
        other => {
            let text = other.to_string();
            let known = WORDS.iter().find(|(sign, _)| text.contains(sign));
            let words = known.map_or("this is not YAML", |(_, words)| words);
            words.to_owned()
        }
    }
}

/// What the parser's messages contain, and what they mean; the first that fits counts.
const WORDS: &[(&str, &str)] = &[
    ("tab", "a tab is used where YAML wants spaces"),
    (
        "mapping values are not allowed",
        "a second `key: value` is not allowed here: put a value with a colon in quotes, or correct \
         the indentation",
    ),
    (
        "must be followed by a valid YAML whitespace",
        "a colon or hyphen lacks the space behind it",
    ),
    ("unclosed quote", "a quoted string has no end"),
    (
        "trailing content after",
        "something follows the end of a quoted string; inside of single quotes, write `''` for `'`",
    ),
    (
        "quoted scalar",
        "a quoted string has an unknown escape or a wrong indentation; single quotes take \
         backslashes as they are",
    ),
    (
        "flow sequence",
        "a list in brackets lacks a comma or its closing `]`",
    ),
    (
        "flow mapping",
        "a mapping in braces lacks a comma or its closing `}`",
    ),
    (
        "bracket",
        "a bracket or brace has no partner: a list ends in `]`, a mapping in `}`",
    ),
    (
        "'-' indicator",
        "an item of the list above lacks its `- `, or the indentation does not fit",
    ),
    (
        "expected key",
        "a key lacks its colon, or the indentation does not fit the lines above",
    ),
    (
        "simple key",
        "a key lacks its colon, or the indentation does not fit the lines above",
    ),
    ("ndentation", "the indentation does not fit the lines above"),
    (
        "block sequence entries are not allowed",
        "a list cannot begin on the line of its key",
    ),
    (
        "unexpected character",
        "a value cannot begin with this character: put the value in quotes",
    ),
    (
        "plain scalar",
        "a value cannot be written like this: put it in quotes",
    ),
    (
        "recursion limit",
        "lists and mappings are nested too deeply",
    ),
    (
        "EOF",
        "the document ends in the middle of a list or a mapping",
    ),
];
