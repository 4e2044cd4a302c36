use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use crate::id::Localpart;
use crate::ports::Entropy;
use crate::secret::{LETTERS, Secret, TokenDigest, random_text};

/// Random letters in a token: about 114 bits.
const RANDOM_LETTERS: usize = 20;
/// The longest token that is looked at, in bytes: two of the longest localparts in base64.
const MAX_BYTES: usize = 1024;
const CHECKSUM_DIGITS: usize = 6;

/// The text of an access token: `syt_<localpart, base64>_<20 letters>_<checksum>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessToken(Secret<String>);

/// The text of a refresh token: `syr_<localpart, base64>_<20 letters>_<checksum>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefreshToken(Secret<String>);

macro_rules! token_text {
    ($name:ident, $prefix:literal) => {
        impl $name {
            /// Makes a new random token for an account.
            pub fn generate(entropy: &dyn Entropy, localpart: &Localpart) -> Self {
                Self(Secret::new(generate($prefix, entropy, localpart)))
            }

            /// Takes what a client presents; `None` for text that this server cannot have issued.
            pub fn parse(text: &str) -> Option<Self> {
                is_well_formed($prefix, text).then(|| Self(Secret::new(text.to_owned())))
            }

            /// What the database knows the token by.
            pub fn digest(&self) -> TokenDigest {
                TokenDigest::of(self.0.expose())
            }

            /// The text, to hand to its owner.
            pub fn expose(&self) -> &str {
                self.0.expose()
            }
        }
    };
}

token_text!(AccessToken, "syt");
token_text!(RefreshToken, "syr");

fn generate(prefix: &str, entropy: &dyn Entropy, localpart: &Localpart) -> String {
    let owner = STANDARD_NO_PAD.encode(localpart.as_str());
    let random = random_text(entropy, LETTERS, RANDOM_LETTERS);
    let body = format!("{prefix}_{owner}_{random}");
    let checksum = checksum(&body);
    format!("{body}_{checksum}")
}

fn is_well_formed(prefix: &str, text: &str) -> bool {
    let Some((body, stated)) = text.rsplit_once('_') else {
        return false;
    };
    text.len() <= MAX_BYTES
        && body
            .strip_prefix(prefix)
            .is_some_and(|rest| rest.starts_with('_'))
        && stated == checksum(body)
}

/// CRC-32 (IEEE) in base 62, most significant digit first, padded to six digits.
fn checksum(body: &str) -> String {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut rest = crc32fast::hash(body.as_bytes());
    let mut digits = [b'0'; CHECKSUM_DIGITS];
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[(rest % 62) as usize];
        rest /= 62;
    }
    digits.iter().map(|b| char::from(*b)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::entropy::SeededEntropy;

    #[test]
    fn known_tokens_are_well_formed() {
        for token in [
            "syt_YWxpY2U_AbCdEfGhIjKlMnOpQrSt_1UdevA",
            "syt_YQ_zzzzzzzzzzzzzzzzzzzz_1TsdZH",
            "syt_aGVsbG9fd29ybGQ_QWERTYUIOPasdfghjklz_0AYdI2",
        ] {
            assert!(AccessToken::parse(token).is_some(), "{token}");
            assert!(RefreshToken::parse(token).is_none(), "{token}");
        }
        assert!(RefreshToken::parse("syr_YWxpY2U_AbCdEfGhIjKlMnOpQrSt_3yC2bo").is_some());
    }

    #[test]
    fn junk_is_refused() {
        let long = format!("syt_{}_x_000000", "a".repeat(MAX_BYTES));
        for token in [
            "",
            "_",
            "syt",
            "syt_YQ_zzzzzzzzzzzzzzzzzzzz_1TsdZI",
            "syt_YQ",
            "a\0b",
            &long,
        ] {
            assert!(AccessToken::parse(token).is_none(), "{token:?}");
        }
    }

    #[test]
    fn a_generated_token_is_recognized() {
        let entropy = SeededEntropy::new(1);
        let alice = Localpart::read("alice").unwrap();
        let token = AccessToken::generate(&entropy, &alice);
        assert_eq!(AccessToken::parse(token.expose()), Some(token.clone()));
        assert_ne!(token, AccessToken::generate(&entropy, &alice));
        assert!(!format!("{token:?}").contains("YWxpY2U"));
    }
}
