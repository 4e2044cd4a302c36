//! Validation sessions: this server's own proof that somebody reads the mail of an address.
//!
//! A client requests a session with its secret, the link in a mail validates it, and it is used up
//! by what it was wanted for. Secrets and tokens are stored as digests.
//!
//! See `docs/BEHAVIOR.md` §4.7, §5.2.

use std::time::Duration;

use super::{ClientSecret, NextLink, Threepid, ValidationSessionId};
use crate::model::entropy::Entropy;
use crate::model::secret::{LETTERS, Secret, TokenDigest, random_text};
use crate::model::time::Timestamp;

/// What a validation is wanted for. A link says so to its reader, so it is good for nothing else
/// that they would have to know about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// To register an account with the address.
    Registration,
    /// To add the address to an account.
    Addition,
    /// To set another password for the account with the address.
    PasswordReset,
}

impl Purpose {
    /// Every purpose.
    pub const ALL: [Self; 3] = [Self::Registration, Self::Addition, Self::PasswordReset];

    /// The purpose as it is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Registration => "registration",
            Self::Addition => "addition",
            Self::PasswordReset => "password_reset",
        }
    }

    /// The purpose of a stored name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|purpose| purpose.as_str() == text)
    }
}

/// A validation session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValidationSession {
    /// Its ID.
    pub id: ValidationSessionId,
    /// The address, in canonical form.
    pub threepid: Threepid,
    /// What it is wanted for.
    pub purpose: Purpose,
    /// The digest of the client's secret.
    pub client_secret: TokenDigest,
    /// The highest `send_attempt` for which a mail has gone out; `None` before the first.
    pub last_send_attempt: Option<i64>,
    /// When the link was opened.
    pub validated: Option<Timestamp>,
    /// Whether what it proves was used, which it can be once. The links of such a session open
    /// until they expire, so that their reader learns that the address is confirmed.
    pub consumed: bool,
    /// The session of the identity server that this one stands for, if that one validates the
    /// address and clients must not see its answer.
    pub delegate_sid: Option<ValidationSessionId>,
}

impl ValidationSession {
    /// How long a session can be used once it is validated: as long as the UIA session
    /// that it was requested for.
    pub const USABLE_FOR: Duration = Duration::from_hours(48);
}

/// What the link in a mail carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValidationToken {
    /// The digest of its text.
    pub digest: TokenDigest,
    /// Where the browser goes when it was accepted.
    pub next_link: Option<NextLink>,
    /// The last moment before which it is accepted.
    pub expires: Timestamp,
}

/// An address whose owner has proved that it is theirs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValidatedThreepid {
    /// The identifier.
    pub threepid: Threepid,
    /// When it was validated.
    pub validated: Timestamp,
}

impl ClientSecret {
    /// What is stored of the secret.
    pub fn digest(&self) -> TokenDigest {
        TokenDigest::of(self.expose())
    }
}

impl ValidationSessionId {
    /// Makes up an ID: 24 random letters, about 136 bits. It is no secret by itself, but it names
    /// the proof of an address.
    pub fn generate(entropy: &dyn Entropy) -> Self {
        Self::new(random_text(entropy, LETTERS, 24))
    }
}

/// Makes up the text of a validation token: 32 random letters (about 182 bits).
pub(crate) fn generate_token(entropy: &dyn Entropy) -> Secret<String> {
    Secret::new(random_text(entropy, LETTERS, 32))
}
