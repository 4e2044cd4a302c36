//! Third-party identifiers (3PIDs): email addresses and phone numbers, in their canonical form.
//!
//! Spec: <https://spec.matrix.org/v1.16/appendices/#3pid-types>

mod address;
mod allowed;
mod client_secret;
mod next_link;
mod proof;
mod validation;

use std::fmt;

pub use address::{EmailAddress, EmailAddressError, PhoneNumber, PhoneNumberError};
pub use allowed::AllowedThreepid;
pub use client_secret::{ClientSecret, ClientSecretError, ValidationSessionId};
pub use next_link::{NextLink, NextLinkError};
pub use proof::{ProofDigest, Unasked};
pub(crate) use validation::generate_token;
pub use validation::{Purpose, ValidatedThreepid, ValidationSession, ValidationToken};

use crate::model::time::Timestamp;

/// The kind of a third-party identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Medium {
    /// An email address.
    Email,
    /// A phone number.
    Msisdn,
}

impl Medium {
    /// The medium on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Msisdn => "msisdn",
        }
    }

    /// What people call an address of this medium.
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Email => "email address",
            Self::Msisdn => "phone number",
        }
    }

    /// The medium of a name on the wire.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Email, Self::Msisdn]
            .into_iter()
            .find(|medium| medium.as_str() == text)
    }
}

impl fmt::Display for Medium {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A third-party identifier: a medium and a canonical address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Threepid {
    medium: Medium,
    address: String,
}

impl Threepid {
    /// Reads an identifier that was canonical when it was stored or validated.
    pub fn from_canonical(medium: Medium, address: String) -> Self {
        Self { medium, address }
    }

    /// Reads an identifier as a program names it, and puts it into canonical form: a phone number
    /// stands in international form, with or without its `+`. `None` for what cannot be one.
    pub fn parse(medium: &str, address: &str) -> Option<Self> {
        match Medium::parse(medium)? {
            Medium::Email => Some(EmailAddress::parse(address).ok()?.into()),
            Medium::Msisdn => {
                let digits = address.strip_prefix('+').unwrap_or(address);
                let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit());
                let number = PhoneNumber::parse("", &format!("+{digits}")).ok();
                Some(number.filter(|_| is_plain)?.into())
            }
        }
    }

    /// Its medium.
    pub fn medium(&self) -> Medium {
        self.medium
    }

    /// Its address in canonical form.
    pub fn address(&self) -> &str {
        &self.address
    }
}

impl From<EmailAddress> for Threepid {
    fn from(address: EmailAddress) -> Self {
        Self {
            medium: Medium::Email,
            address: address.as_str().to_owned(),
        }
    }
}

impl From<PhoneNumber> for Threepid {
    fn from(number: PhoneNumber) -> Self {
        Self {
            medium: Medium::Msisdn,
            address: number.as_str().to_owned(),
        }
    }
}

/// A third-party identifier of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountThreepid {
    /// The identifier.
    pub threepid: Threepid,
    /// When its owner proved that it is theirs.
    pub validated: Timestamp,
    /// When it was added to the account.
    pub added: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_as_programs_name_them() {
        let rows = [
            ("email", "Alice@Example.ORG", Some("alice@example.org")),
            ("email", "nobody", None),
            ("email", "a\0b@c", None),
            ("msisdn", "447700900001", Some("447700900001")),
            ("msisdn", "+447700900001", Some("447700900001")),
            ("msisdn", "07700900001", None),
            ("msisdn", "44 7700 900001", None),
            ("msisdn", "44FLOWERS", None),
            ("msisdn", "", None),
            ("Email", "a@b", None),
            ("", "a@b", None),
        ];
        for (medium, address, expected) in rows {
            let parsed = Threepid::parse(medium, address);
            let found = parsed.as_ref().map(Threepid::address);
            assert_eq!(found, expected, "{medium} {address:?}");
        }
    }
}
