//! Query strings without what nobody may read in a log.

use std::borrow::Cow;

use crate::request::{decoded, pairs};

/// The arguments whose values are harmless. Those of all others are left out: new arguments and
/// misspelled ones are more often secret than useful.
const HARMLESS: &[&str] = &[
    "admins",
    "deactivated",
    "dir",
    "from",
    "guests",
    "kind",
    "limit",
    "locked",
    "medium",
    "name",
    "not_user_type",
    "order_by",
    "user_id",
    "username",
    "v",
    "valid",
];

/// The longest text that goes into a log line, in bytes.
const MAX_BYTES: usize = 512;

/// The longest segment of an unknown path that is taken for a name, in bytes.
const MAX_SEGMENT_BYTES: usize = 40;

const REDACTED: &str = "<redacted>";

/// A query string of which only harmless values are left. Names are decoded before they are judged;
/// what has no name is left out as well.
pub(super) fn query(query: &str) -> String {
    let arguments = pairs(query.as_bytes()).map(|(name, value)| {
        let name = decoded(name);
        let name = String::from_utf8_lossy(&name);
        if HARMLESS.contains(&&*name) {
            format!("{name}={}", String::from_utf8_lossy(value))
        } else {
            format!("{}={REDACTED}", name.escape_debug())
        }
    });
    arguments.collect::<Vec<_>>().join("&")
}

/// A path without segments that look like a token.
pub(super) fn path(path: &str) -> String {
    let looks_like_a_token = |segment: &str| {
        segment.contains("syt_") || segment.contains("syr_") || segment.len() > MAX_SEGMENT_BYTES
    };
    let segments = path.split('/').map(|segment| {
        if looks_like_a_token(segment) {
            REDACTED
        } else {
            segment
        }
    });
    segments.collect::<Vec<_>>().join("/")
}

/// The beginning of a long text.
pub(super) fn shorten(text: &str) -> Cow<'_, str> {
    if text.len() <= MAX_BYTES {
        return Cow::Borrowed(text);
    }
    Cow::Owned(format!("{}…", &text[..text.floor_char_boundary(MAX_BYTES)]))
}

#[cfg(test)]
mod tests;
