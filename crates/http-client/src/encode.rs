//! Percent-encoding for queries and forms.

use std::fmt::Display;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Everything except the unreserved characters of RFC 3986.
const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Encodes a name or value for a query or a form.
pub fn component(text: &str) -> impl Display {
    utf8_percent_encode(text, COMPONENT)
}

/// Encodes a body of type `application/x-www-form-urlencoded`.
pub(crate) fn form(fields: &[(&str, &str)]) -> String {
    let fields: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("{}={}", component(name), component(value)))
        .collect();
    fields.join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_cannot_become_two() {
        let fields = [
            ("secret", "a&b=c d+e%"),
            ("response", "ä~_.-\r\n"),
            ("", ""),
        ];
        let expected = "secret=a%26b%3Dc%20d%2Be%25&response=%C3%A4~_.-%0D%0A&=";
        assert_eq!(form(&fields), expected);
        assert_eq!(form(&[]), "");
    }
}
