use super::{ClientSecret, Medium, Purpose};
use crate::model::secret::TokenDigest;

/// SHA-256 of the identity server, its `sid` and the client secret: what a used proof is known by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ProofDigest(TokenDigest);

impl ProofDigest {
    /// The digest of a session at a server.
    pub fn of(server: &str, sid: &str, client_secret: &ClientSecret) -> Self {
        // A client secret holds no line break, and neither does a URL.
        let secret = client_secret.expose();
        Self(TokenDigest::of(&format!("{server}\n{secret}\n{sid}")))
    }

    /// The 32 bytes to store.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// May a proof be used about whose purpose nothing is recorded? Clients can ask identity servers
/// without this server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unasked {
    /// Yes.
    Accepted,
    /// No.
    Refused,
}

impl Unasked {
    /// A new password is set for an account that exists, so its owner must have been asked for that.
    /// Only email addresses do it.
    pub(crate) fn for_purposes(purposes: &[Purpose], medium: Medium) -> Self {
        let gives_addresses = |it: &Purpose| match it {
            Purpose::Registration | Purpose::Addition => true,
            Purpose::PasswordReset => medium == Medium::Msisdn,
        };
        if purposes.iter().any(gives_addresses) {
            Self::Accepted
        } else {
            Self::Refused
        }
    }
}
