use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use crate::model::entropy::Entropy;
use crate::model::id::Localpart;
use crate::model::secret::{LETTERS, Secret, TokenDigest, random_text};

/// Random letters in a secret: about 136 bits.
const SECRET_LETTERS: usize = 24;
/// Letters that count the generations of a family of refresh tokens: more than a `u32` can.
const GENERATION_LETTERS: usize = 6;
/// The longest token that is looked at, in bytes: two of the longest localparts in base64.
const MAX_BYTES: usize = 1024;
const CHECKSUM_DIGITS: usize = 6;

/// The text of an access token: `syt_<localpart, base64>_<24 letters>_<checksum>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessToken(Secret<String>);

/// The text of a refresh token: `syr_<localpart, base64>_<54 letters>_<checksum>`. The letters are the secret
/// of the family, that is of the login, then the generation, then a secret of the token's own.
///
/// So a token that was forgotten long ago is still recognized as one of its family, and nobody who never had
/// one of the family can make up such a token. Shorter ones have no family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefreshToken(Secret<String>);

/// Where a refresh token stands among those that were exchanged for one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lineage {
    /// The digest of the family's secret.
    pub family: TokenDigest,
    /// How many exchanges lie between the login and the token.
    pub generation: u32,
}

macro_rules! token_text {
    ($name:ident, $prefix:literal) => {
        impl $name {
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

impl AccessToken {
    /// Makes a new random token for an account.
    pub fn generate(entropy: &dyn Entropy, localpart: &Localpart) -> Self {
        Self(Secret::new(write("syt", localpart, &secret(entropy))))
    }
}

impl RefreshToken {
    /// Makes the first token of a new family for an account.
    pub fn generate(entropy: &dyn Entropy, localpart: &Localpart) -> Self {
        Self::of_family(&secret(entropy), 0, entropy, localpart)
    }

    /// Makes the token that this one is exchanged for.
    pub fn next(&self, entropy: &dyn Entropy, localpart: &Localpart) -> Self {
        match self.family_and_generation() {
            Some((family, generation)) => {
                Self::of_family(family, generation.saturating_add(1), entropy, localpart)
            }
            None => Self::generate(entropy, localpart),
        }
    }

    /// Its family and generation; `None` for a token of the shorter form, which has none.
    pub fn lineage(&self) -> Option<Lineage> {
        let (family, generation) = self.family_and_generation()?;
        Some(Lineage {
            family: TokenDigest::of(family),
            generation,
        })
    }

    fn of_family(
        family: &str,
        generation: u32,
        entropy: &dyn Entropy,
        localpart: &Localpart,
    ) -> Self {
        let generation = write_generation(generation);
        let random = format!("{family}{generation}{}", secret(entropy));
        Self(Secret::new(write("syr", localpart, &random)))
    }

    fn family_and_generation(&self) -> Option<(&str, u32)> {
        let random = self.0.expose().rsplit('_').nth(1)?;
        let (family, rest) = random.split_at_checked(SECRET_LETTERS)?;
        let (generation, secret) = rest.split_at_checked(GENERATION_LETTERS)?;
        let generation = read_generation(generation)?;
        (secret.len() == SECRET_LETTERS).then_some((family, generation))
    }
}

fn secret(entropy: &dyn Entropy) -> String {
    random_text(entropy, LETTERS, SECRET_LETTERS)
}

/// A number in base 52, most significant letter first, padded to six letters.
fn write_generation(generation: u32) -> String {
    let mut rest = generation as usize;
    let mut letters = [LETTERS[0]; GENERATION_LETTERS];
    for letter in letters.iter_mut().rev() {
        *letter = LETTERS[rest % LETTERS.len()];
        rest /= LETTERS.len();
    }
    letters.iter().map(|b| char::from(*b)).collect()
}

fn read_generation(text: &str) -> Option<u32> {
    text.bytes().try_fold(0_u32, |number, byte| {
        let letter = LETTERS.iter().position(|letter| *letter == byte)?;
        number
            .checked_mul(u32::try_from(LETTERS.len()).ok()?)?
            .checked_add(u32::try_from(letter).ok()?)
    })
}

fn write(prefix: &str, localpart: &Localpart, random: &str) -> String {
    let owner = STANDARD_NO_PAD.encode(localpart.as_str());
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
    use crate::model::entropy::CountingEntropy;

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
    fn a_generated_token_is_recognized_and_carries_128_bits() {
        let entropy = CountingEntropy::default();
        let alice = Localpart::read("alice").unwrap();
        let token = AccessToken::generate(&entropy, &alice);
        assert_eq!(AccessToken::parse(token.expose()), Some(token.clone()));
        assert_ne!(token, AccessToken::generate(&entropy, &alice));
        assert!(!format!("{token:?}").contains("YWxpY2U"));
        let random = token.expose().split('_').nth(2).unwrap();
        assert!(random.bytes().all(|byte| byte.is_ascii_alphabetic()));
        // A letter has 5.70 bits.
        assert!(random.len() * 570 >= 12_800, "{}", random.len());

        let token = RefreshToken::generate(&entropy, &alice);
        assert_eq!(RefreshToken::parse(token.expose()), Some(token.clone()));
        // Both the family and the token itself are secrets that cannot be guessed.
        let random = token.expose().split('_').nth(2).unwrap();
        let secrets = random.len() - GENERATION_LETTERS;
        assert!(secrets * 570 >= 2 * 12_800, "{}", random.len());
    }

    #[test]
    fn a_refresh_token_knows_its_family_and_generation() {
        let entropy = CountingEntropy::default();
        let alice = Localpart::read("alice").unwrap();
        let first = RefreshToken::generate(&entropy, &alice);
        let family = first.lineage().unwrap().family;
        let mut token = first;
        for generation in 0..60 {
            let lineage = token.lineage();
            assert_eq!(lineage, Some(Lineage { family, generation }));
            let next = token.next(&entropy, &alice);
            assert_ne!(
                next,
                token.next(&entropy, &alice),
                "each has its own secret"
            );
            assert_eq!(RefreshToken::parse(next.expose()), Some(next.clone()));
            token = next;
        }
        let other = RefreshToken::generate(&entropy, &alice);
        assert_ne!(other.lineage().unwrap().family, family);
    }

    #[test]
    fn a_short_refresh_token_begins_a_family_when_it_is_exchanged() {
        let alice = Localpart::read("alice").unwrap();
        let short = RefreshToken::parse("syr_YWxpY2U_AbCdEfGhIjKlMnOpQrSt_3yC2bo").unwrap();
        assert_eq!(short.lineage(), None);
        let next = short.next(&CountingEntropy::default(), &alice);
        assert_eq!(next.lineage().unwrap().generation, 0);
    }

    #[test]
    fn generations_are_written_and_read() {
        for (number, text) in [(0, "AAAAAA"), (51, "AAAAAz"), (52, "AAAABA")] {
            assert_eq!(write_generation(number), text);
            assert_eq!(read_generation(text), Some(number));
        }
        let last = write_generation(u32::MAX);
        assert_eq!(read_generation(&last), Some(u32::MAX));
        for unreadable in ["zzzzzz", "AAAAA1", "AAAAAä"] {
            assert_eq!(read_generation(unreadable), None, "{unreadable}");
        }
    }
}
