//! Arguments of the query string and of forms.

use std::borrow::Cow;
use std::str::FromStr;

use http::header::CONTENT_TYPE;
use http::{HeaderMap, Method};
use percent_encoding::percent_decode;
use registrar_domain::model::given::Given;

/// The arguments of a request, undecoded: looking one up walks over them and keeps nothing.
///
/// `&` and `;` separate arguments, `+` is a space, an argument without `=` does not count, and of
/// arguments with one name the first counts. Those of a form come before those of the query.
#[derive(Clone, Copy)]
pub(crate) struct Arguments<'a> {
    form: &'a [u8],
    query: &'a [u8],
}

impl<'a> Arguments<'a> {
    /// The arguments of a request with this query and body. The body counts when it is posted as a
    /// form.
    pub(crate) fn of(method: &Method, headers: &HeaderMap, query: &'a str, body: &'a [u8]) -> Self {
        let posts_form =
            *method == Method::POST && has_media_type(headers, "application/x-www-form-urlencoded");
        Self {
            form: if posts_form { body } else { b"" },
            query: query.as_bytes(),
        }
    }

    /// The value of an argument; malformed when it is not ASCII, never null.
    pub(crate) fn get(self, name: &str) -> Given<String> {
        match self.find(name) {
            None => Given::Absent,
            Some(value) if value.is_ascii() => {
                String::from_utf8(value).map_or(Given::Malformed, Given::Value)
            }
            Some(_) => Given::Malformed,
        }
    }

    /// The value of an argument that may hold all of Unicode; malformed when it is not UTF-8, never
    /// null.
    pub(crate) fn text(self, name: &str) -> Given<String> {
        match self.find(name) {
            None => Given::Absent,
            Some(value) => String::from_utf8(value).map_or(Given::Malformed, Given::Value),
        }
    }

    /// The values of an argument that may come several times; malformed when one of them is not
    /// UTF-8, never null.
    pub(crate) fn texts(self, name: &str) -> Given<Vec<String>> {
        let values: Vec<_> = self.find_all(name).collect();
        if values.is_empty() {
            return Given::Absent;
        }
        let texts: Result<_, _> = values.into_iter().map(String::from_utf8).collect();
        texts.map_or(Given::Malformed, Given::Value)
    }

    /// `true` or `false`; never null.
    pub(crate) fn boolean(self, name: &str) -> Given<bool> {
        self.parsed(name)
    }

    /// An integer; never null.
    pub(crate) fn integer(self, name: &str) -> Given<i64> {
        self.parsed(name)
    }

    fn parsed<T: FromStr>(self, name: &str) -> Given<T> {
        match self.get(name) {
            Given::Value(text) => text.parse().map_or(Given::Malformed, Given::Value),
            Given::Absent => Given::Absent,
            Given::Null | Given::Malformed => Given::Malformed,
        }
    }

    fn find(self, name: &str) -> Option<Vec<u8>> {
        self.find_all(name).next()
    }

    fn find_all(self, name: &str) -> impl Iterator<Item = Vec<u8>> {
        pairs(self.form)
            .chain(pairs(self.query))
            .filter(move |(key, _)| *decoded(key) == *name.as_bytes())
            .map(|(_, value)| decoded(value).into_owned())
    }
}

/// Does the request say that its body is of this type? Parameters and case do not matter.
pub(crate) fn has_media_type(headers: &HeaderMap, media_type: &str) -> bool {
    let Some(content_type) = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
    else {
        return false;
    };
    let essence = content_type.split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case(media_type)
}

/// The arguments of a query or a form, in order and still encoded.
pub(crate) fn pairs(encoded: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    encoded
        .split(|byte| matches!(byte, b'&' | b';'))
        .filter_map(|item| {
            let equals = item.iter().position(|byte| *byte == b'=')?;
            Some((&item[..equals], &item[equals + 1..]))
        })
}

/// Decodes a name or a value. A `%` that begins no escape stands for itself.
pub(crate) fn decoded(encoded: &[u8]) -> Cow<'_, [u8]> {
    if !encoded.contains(&b'+') {
        return percent_decode(encoded).into();
    }
    let spaced: Vec<u8> = encoded
        .iter()
        .map(|byte| if *byte == b'+' { b' ' } else { *byte })
        .collect();
    Cow::Owned(percent_decode(&spaced).collect())
}
