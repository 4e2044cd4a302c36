//! bcrypt, for hashes imported from other servers. New hashes are argon2id.

use super::BadHash;
use crate::model::secret::Secret;

/// How many argon2id hashes (at default cost) the work of one bcrypt comparison at cost 12 equals.
pub const BCRYPT_WORK_FACTOR: usize = 16;

/// The highest cost that is computed: 2^17 rounds take several seconds.
const MAX_COST: u32 = 17;

/// How many bytes of a prepared password bcrypt looks at.
const SIGNIFICANT_BYTES: usize = 72;

/// The part of a prepared password that bcrypt looks at.
pub(super) fn significant(prepared: &Secret<Vec<u8>>) -> &[u8] {
    let bytes = prepared.expose();
    &bytes[..bytes.len().min(SIGNIFICANT_BYTES)]
}

pub(super) fn is_bcrypt(hash: &str) -> bool {
    ["$2b$", "$2a$", "$2y$"]
        .iter()
        .any(|prefix| hash.starts_with(prefix))
}

pub(super) fn verify(prepared: &Secret<Vec<u8>>, hash: &str) -> Result<bool, BadHash> {
    // Implementations disagree about what follows a NUL, so no password with one ever matches.
    // That holds for the pepper too, and for what bcrypt would not look at.
    if prepared.expose().contains(&0) {
        return Ok(false);
    }
    let parts: bcrypt::HashParts = hash.parse().map_err(|_| BadHash::Unknown)?;
    if parts.get_cost() > MAX_COST {
        return Err(BadHash::TooCostly);
    }
    bcrypt::verify(significant(prepared), hash).map_err(|_| BadHash::Unknown)
}
