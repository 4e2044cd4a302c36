//! Secrets that are not part of another section.

use registrar_domain::model::secret::Secret;

use super::keys::{Keys as _, keys};
use super::section::Section;
use super::types::{Checked, warn_if_guessable};

keys! {
    pub(crate) struct SecretKeys {
        /// Anyone who knows it can register accounts, including administrators, by the admin API.
        registration_shared_secret: Option<Secret<String>>,
        /// Signs the links to the consent page.
        form_secret: Option<Secret<String>>,
    }
    unused {
        /// For the access tokens of a homeserver's guests. Here all tokens are random.
        macaroon_secret_key: Checked<Option<Secret<String>>>,
    }
}

pub(crate) fn read(root: &Section<'_>) -> SecretKeys {
    let keys = SecretKeys::read(root);
    warn_if_guessable(&keys.registration_shared_secret);
    warn_if_guessable(&keys.form_secret);
    keys
}
