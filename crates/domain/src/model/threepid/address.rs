use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberFormat, Region};

/// An email address in canonical form: trimmed, local part case-folded, domain in lower case.
///
/// Spec: <https://spec.matrix.org/v1.16/client-server-api/#post_matrixclientv3registeremailrequesttoken>
/// asks for the same folding. No IDNA and no Unicode normalization takes place.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EmailAddress(String);

/// The text is not an email address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not an email address")]
pub struct EmailAddressError;

impl EmailAddress {
    /// The longest address, in Unicode code points of the canonical form.
    pub const MAX_CHARS: usize = 500;
    /// The shortest address, in Unicode code points of the canonical form.
    pub const MIN_CHARS: usize = 3;

    /// Parses an address and puts it into canonical form.
    ///
    /// Beyond having exactly one `@` and a plausible length it may look odd; but characters that
    /// could end a line or an argument on the way to a mail server are refused.
    ///
    /// # Errors
    /// [`EmailAddressError`].
    pub fn parse(text: &str) -> Result<Self, EmailAddressError> {
        let mut parts = text.trim().split('@');
        let (Some(local), Some(domain), None) = (parts.next(), parts.next(), parts.next()) else {
            return Err(EmailAddressError);
        };
        let local = caseless::default_case_fold_str(local);
        let canonical = format!("{local}@{}", domain.to_lowercase());
        let chars = canonical.chars().count();
        let plausible = (Self::MIN_CHARS..=Self::MAX_CHARS).contains(&chars)
            && !canonical
                .chars()
                .any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'));
        if plausible {
            Ok(Self(canonical))
        } else {
            Err(EmailAddressError)
        }
    }

    /// The canonical form.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A phone number in canonical form: E.164 digits without the leading `+`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PhoneNumber(String);

/// The text is not a phone number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not a phone number")]
pub struct PhoneNumberError;

impl PhoneNumber {
    /// Parses a number as people write it in `country` (an upper-case ISO 3166-1 code). Any other
    /// country will do for numbers written internationally. Extensions are dropped; whether the
    /// number is in use, or could be, is not checked.
    ///
    /// # Errors
    /// [`PhoneNumberError`].
    pub fn parse(country: &str, number: &str) -> Result<Self, PhoneNumberError> {
        let is_region = country.bytes().all(|b| b.is_ascii_uppercase());
        let region = country.parse::<Region>().ok().filter(|_| is_region);
        let parsed = PHONE_NUMBER_UTIL
            .parse(number, region)
            .map_err(|_| PhoneNumberError)?;
        let e164 = PHONE_NUMBER_UTIL.format(&parsed, PhoneNumberFormat::E164);
        Ok(Self(e164.trim_start_matches('+').to_owned()))
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn email_addresses() {
        let rows: &[(&str, Option<&str>)] = &[
            ("Alice@Example.ORG", Some("alice@example.org")),
            ("  a@b \n", Some("a@b")),
            ("Straße@X", Some("strasse@x")),
            ("ÀB@BÜCHER.example", Some("àb@bücher.example")),
            ("a b@c", Some("a b@c")),
            ("@bc", Some("@bc")),
            ("ab@", Some("ab@")),
            ("a@", None),
            ("a", None),
            ("a@b@c", None),
            ("", None),
            ("a\r\nRCPT TO:<x>@b", None),
            ("a\0b@c", None),
        ];
        for (text, expected) in rows {
            let parsed = EmailAddress::parse(text);
            assert_eq!(
                parsed.as_ref().ok().map(EmailAddress::as_str),
                *expected,
                "{text:?}"
            );
        }
        assert!(EmailAddress::parse(&format!("{}@b", "l".repeat(498))).is_ok());
        assert!(EmailAddress::parse(&format!("{}@b", "l".repeat(499))).is_err());
    }

    #[test]
    fn phone_numbers() {
        let long = "1".repeat(251);
        let rows: &[(&str, &str, Option<&str>)] = &[
            ("GB", "07700900001", Some("447700900001")),
            ("GB", "447700900001", Some("447700900001")),
            ("GB", "+44 (0)7700 900001", Some("447700900001")),
            ("GB", "0044 7700 900001", Some("447700900001")),
            ("GB", "tel:07700900001", Some("447700900001")),
            ("GB", "07700 900001 ext 12", Some("447700900001")),
            ("US", "011447700900001", Some("447700900001")),
            ("US", "1-800-FLOWERS", Some("18003569377")),
            ("IT", "0236618300", Some("390236618300")),
            ("GB", "12", Some("4412")),
            ("gb", "+447700900001", Some("447700900001")),
            ("XX", "+447700900001", Some("447700900001")),
            ("gb", "07700900001", None),
            ("XX", "07700900001", None),
            ("GB", "1", None),
            ("GB", "abc", None),
            ("GB", "", None),
            ("GB", &long, None),
            ("GB", "07700900001070009000010", None),
        ];
        for (country, number, expected) in rows {
            let parsed = PhoneNumber::parse(country, number);
            let found = parsed.as_ref().ok().map(PhoneNumber::as_str);
            assert_eq!(found, *expected, "{country} {number:?}");
        }
    }
}
