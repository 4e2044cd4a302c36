//! What `fuzz/` calls: ways into this crate that nobody else needs.

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Method};

use crate::request::{Arguments, Fields, decode};

/// Reads a body as JSON with every look at its fields, and as a form.
///
/// # Panics
/// When a field is read as two types, or an argument that is not ASCII is read at all.
pub fn read_body(body: &[u8]) {
    if let Ok(object) = decode(body) {
        let names: Vec<&str> = object.keys().map(String::as_str).collect();
        read_fields(Fields::of(&object), &names);
    }

    let mut headers = HeaderMap::new();
    let form = HeaderValue::from_static("application/x-www-form-urlencoded");
    headers.insert(CONTENT_TYPE, form);
    let query = std::str::from_utf8(body).unwrap_or_default();
    let arguments = Arguments::of(&Method::POST, &headers, query, body);
    for name in ["session", "token", ""] {
        if let Some(value) = arguments.get(name).value() {
            assert!(value.is_ascii());
        }
    }
}

/// Reads every field as everything.
fn read_fields(fields: Fields<'_>, names: &[&str]) {
    assert_eq!(fields.is_empty(), names.is_empty());
    assert!(!fields.has_besides(names));
    for name in names {
        let readings = [
            fields.string(name).value().is_some(),
            fields.boolean(name).value().is_some(),
            fields.integer(name).value().is_some(),
            fields.strings(name).value().is_some(),
            fields.object(name, Fields::is_empty).value().is_some(),
        ];
        assert!(
            readings.iter().filter(|reading| **reading).count() <= 1,
            "two types at once"
        );
        let _truth = fields.is_truthy(name);
    }
}
