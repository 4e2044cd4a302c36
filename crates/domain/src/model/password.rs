//! Passwords: what a new one must look like, and how one is compared with a stored hash.
//!
//! The functions that compute hashes are pure ([`argon2id`], [`verify`]); where they run is the
//! business of the [`PasswordHasher`](crate::ports::PasswordHasher).

pub mod argon2id;
mod bcrypt;
pub mod strength;

pub use bcrypt::BCRYPT_WORK_FACTOR;

use unicode_normalization::UnicodeNormalization as _;

use crate::model::secret::{Secret, TokenDigest};

/// A password as its owner typed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Password(Secret<String>);

/// The text cannot be a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Longer than [`Password::MAX_CHARS`].
    #[error("a password may not be longer than {} characters", Password::MAX_CHARS)]
    TooLong,
    /// A NUL character, which no bcrypt implementation agrees about.
    #[error("a password may not contain a NUL character")]
    Nul,
}

impl Password {
    /// The longest password, in Unicode code points.
    pub const MAX_CHARS: usize = 512;

    /// Takes a password that is about to be set. The empty string passes here.
    ///
    /// # Errors
    /// [`PasswordError`].
    pub fn parse(text: &str) -> Result<Self, PasswordError> {
        if text.chars().count() > Self::MAX_CHARS {
            return Err(PasswordError::TooLong);
        }
        if text.contains('\0') {
            return Err(PasswordError::Nul);
        }
        Ok(Self(Secret::new(text.to_owned())))
    }

    /// The password as typed.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

/// The operator's `password_config.pepper`: a secret mixed into every hash.
#[derive(Clone, Debug)]
pub struct Pepper(Secret<String>);

impl Pepper {
    /// A pepper; the empty string for none.
    pub fn new(text: String) -> Self {
        Self(Secret::new(text))
    }
}

/// What is hashed: UTF-8 of the NFKC form of the password, then the pepper, however long.
pub fn prepare(password: &Password, pepper: &Pepper) -> Secret<Vec<u8>> {
    let mut text: String = password.expose().nfkc().collect();
    text.push_str(pepper.0.expose());
    Secret::new(text.into_bytes())
}

/// A stored password hash: `$argon2id$…` in PHC form, or an imported `$2b$…` of bcrypt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordHash(Secret<String>);

impl PasswordHash {
    /// Reads a hash from where it is stored. It is not looked into before a password is compared.
    pub fn from_stored(text: String) -> Self {
        Self(Secret::new(text))
    }

    /// The hash as text, to store it.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// What a hash is recognized by where it is not needed itself.
    pub fn digest(&self) -> TokenDigest {
        TokenDigest::of(self.expose())
    }

    /// Is this a bcrypt hash, imported from another server?
    pub fn is_bcrypt(&self) -> bool {
        bcrypt::is_bcrypt(self.expose())
    }
}

/// A stored hash that cannot be compared with anything.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadHash {
    /// Not a hash of an algorithm that this server knows.
    #[error("the stored password hash is of an unknown form")]
    Unknown,
    /// A hash whose computation would keep a thread busy for many seconds.
    #[error("the stored password hash costs too much to compute")]
    TooCostly,
    /// A hash whose computation needs more memory than allowed.
    #[error(
        "the stored password hash asks for {asked_kib} KiB of memory, more than the allowed {allowed_kib} KiB"
    )]
    TooMuchMemory {
        /// What the hash asks for, in KiB.
        asked_kib: u32,
        /// What is allowed, in KiB.
        allowed_kib: u32,
    },
}

/// What the comparison of a password with a hash tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verification {
    /// Another password.
    Mismatch,
    /// The right password.
    Match,
    /// The right password, under an older algorithm or cost: hash it anew.
    MatchOutdated,
}

/// Compares a prepared password with a stored hash of either algorithm, using `memory` for argon2id.
///
/// A bcrypt hash covers the first 72 bytes and no more, as in Synapse, which made it. An argon2id
/// hash covers everything; one [of which that is not known](argon2id::Stored::may_be_cut) is also
/// compared with the first 72 bytes, which doubles the work for a longer password. Both are
/// outdated, so that a login renews them over the whole password and pepper.
///
/// # Errors
/// [`BadHash`] when the stored text cannot be used.
pub fn verify(
    prepared: &Secret<Vec<u8>>,
    hash: &PasswordHash,
    cost: &argon2id::Cost,
    memory: &mut argon2id::Memory,
) -> Result<Verification, BadHash> {
    if hash.is_bcrypt() {
        return Ok(if bcrypt::verify(prepared, hash.expose())? {
            Verification::MatchOutdated
        } else {
            Verification::Mismatch
        });
    }
    let stored = argon2id::Stored::parse(hash.expose())?;
    let may_be_cut = stored.may_be_cut();
    if !stored.verify(prepared.expose(), memory)? {
        let cut = bcrypt::significant(prepared);
        let is_longer = cut.len() < prepared.expose().len();
        return Ok(if may_be_cut && is_longer && stored.verify(cut, memory)? {
            Verification::MatchOutdated
        } else {
            Verification::Mismatch
        });
    }
    Ok(if stored.cost() == *cost && !may_be_cut {
        Verification::Match
    } else {
        Verification::MatchOutdated
    })
}

#[cfg(test)]
mod tests;
