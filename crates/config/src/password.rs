//! `password_config`.

use registrar_domain::model::password::Pepper;
use registrar_domain::model::password::strength::StrengthRules;
use registrar_domain::model::policy::PasswordPolicy;
use registrar_domain::model::secret::Secret;

use super::keys::{Keys as _, keys};
use super::section::Section;
use super::types::{Choice, Int, OneOf};

keys! {
    pub(crate) struct PasswordGroup {
        /// Passwords: logging in with them, and what they must look like.
        password_config: PasswordKeys,
    }
}

keys! {
    pub(crate) struct PasswordKeys {
        /// Whether users log in with a password. `only_for_reauth`: they do not, but authenticate again
        /// with it, and can change it. Registration always asks for one.
        enabled: OneOf<Enabled> = "true",
        /// Whether the passwords that this server knows can be used.
        localdb_enabled: bool = "true",
        /// Mixed into every hash. Changing it makes all passwords useless.
        pepper: Option<Secret<String>>,
        /// What new passwords must look like.
        policy: PolicyKeys,
    }
}

keys! {
    pub(crate) struct PolicyKeys {
        /// Apply the rules below.
        enabled: bool = "false",
        /// Characters at least.
        minimum_length: Option<Int<usize, 0, 512>>,
        /// A digit.
        require_digit: Option<bool>,
        /// Something that is neither digit nor letter of a-z and A-Z.
        require_symbol: Option<bool>,
        /// A lowercase letter.
        require_lowercase: Option<bool>,
        /// An uppercase letter.
        require_uppercase: Option<bool>,
    }
}

/// What passwords are good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Enabled {
    Yes,
    No,
    OnlyForReauth,
}

impl Choice for Enabled {
    const WORDS: &'static [&'static str] = &["true", "false", "only_for_reauth"];
    const VALUES: &'static [Self] = &[Self::Yes, Self::No, Self::OnlyForReauth];
}

/// Reads who may log in with a password and what new ones must look like, and the pepper.
pub(crate) fn read(root: &Section<'_>) -> (PasswordPolicy, Pepper) {
    let keys = PasswordGroup::read(root).password_config;
    let known = *keys.localdb_enabled;
    let rules = &keys.policy;
    let strength = rules.enabled.then(|| StrengthRules {
        minimum_length: *rules.minimum_length,
        require_digit: *rules.require_digit,
        require_symbol: *rules.require_symbol,
        require_lowercase: *rules.require_lowercase,
        require_uppercase: *rules.require_uppercase,
    });
    let policy = PasswordPolicy {
        login_enabled: known && *keys.enabled == Enabled::Yes,
        reauth_enabled: known && *keys.enabled != Enabled::No,
        strength,
    };
    let pepper = keys.pepper.as_ref().map(|pepper| pepper.expose().clone());
    (policy, Pepper::new(pepper.unwrap_or_default()))
}
