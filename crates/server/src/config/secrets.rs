//! Secrets that are not part of another section.

use registrar_domain::secret::Secret;

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
pub(crate) struct Secrets {
    /// `registration_shared_secret`.
    pub(crate) registration_shared: Option<Secret<String>>,
    /// `form_secret`.
    pub(crate) form: Option<Secret<String>>,
}

impl Secrets {
    pub(super) fn read(root: &Section<'_>) -> Self {
        // Checked like the others, for whoever brings it along.
        root.secret("macaroon_secret_key");
        Self {
            registration_shared: root.secret("registration_shared_secret"),
            form: root.secret("form_secret"),
        }
    }
}
