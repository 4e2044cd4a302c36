//! Secrets that are not part of another section.

use std::collections::BTreeSet;

use registrar_domain::model::secret::Secret;

use super::key::{Key, Kind};
use super::section::Section;

pub(super) const KEYS: &[Key] = &[
    Key::new(
        "registration_shared_secret",
        Kind::Secret,
        "Whoever knows it can register accounts, administrators too, by the admin API.",
    ),
    Key::new(
        "macaroon_secret_key",
        Kind::Secret,
        "For the access tokens of a homeserver's guests. Here they are random, like all others.",
    )
    .inert(),
    Key::new(
        "form_secret",
        Kind::Secret,
        "Signs the links to the consent page.",
    ),
];

/// Secrets that are not part of another section.
#[derive(Clone, Debug)]
pub struct Secrets {
    /// `registration_shared_secret`.
    pub registration_shared: Option<Secret<String>>,
    /// `form_secret`.
    pub form: Option<Secret<String>>,
}

impl Secrets {
    pub(super) fn read(root: &Section<'_>) -> Self {
        // Checked like the others, for whoever brings it along.
        root.secret("macaroon_secret_key");
        Self {
            registration_shared: strong(root, "registration_shared_secret"),
            form: strong(root, "form_secret"),
        }
    }
}

/// A secret that others must not guess, with a warning if they may.
pub(super) fn strong(section: &Section<'_>, name: &str) -> Option<Secret<String>> {
    let secret = section.secret(name)?;
    if is_guessable(secret.expose()) {
        section.warning(name, GUESSABLE);
    }
    Some(secret)
}

/// What to do about a secret that [`is_guessable`].
pub(super) const GUESSABLE: &str =
    "is short enough to be guessed; make a new one with `openssl rand -hex 32`";

/// Fewer characters than a secret of 96 random bits has in base64, or hardly any different ones.
pub(super) fn is_guessable(secret: &str) -> bool {
    const MIN_CHARS: usize = 16;
    const MIN_DIFFERENT_CHARS: usize = 6;
    let different: BTreeSet<char> = secret.chars().collect();
    secret.chars().count() < MIN_CHARS || different.len() < MIN_DIFFERENT_CHARS
}
