//! `registrar.hashing`: what password hashes cost.

use std::num::NonZeroUsize;

use registrar_domain::model::password::Pepper;
use registrar_domain::model::password::argon2id::Cost;
use registrar_runtime::HashingOptions;

use super::keys::keys;
use super::types::Int;

keys! {
    /// `registrar.hashing`.
    pub(crate) struct HashingKeys {
        /// Memory for one hash, in KiB.
        memory_kib: Int<u32, 8, 4_194_304> = "19456",
        /// Passes over that memory.
        passes: Int<u32, 1, 1000> = "2",
        /// Lanes of that memory.
        lanes: Int<u32, 1, 255> = "1",
        /// Hashes that are computed at the same time, each with its own memory. Default: one per
        /// processor core.
        threads: Option<Int<usize, 1, 1024>>,
        /// Hashes that may wait, half of them for one client; beyond that, clients get 429, those with most
        /// hashes first. Default: about two seconds of work.
        queue: Option<Int<usize, 1, 1_000_000>>,
        /// The most memory for one imported hash, in KiB; those that need more cannot be verified.
        max_memory_kib: Int<u32, 8, 4_194_304> = "65536",
    }
}

/// Reads how passwords are hashed.
pub(crate) fn read(keys: &HashingKeys, pepper: Pepper) -> HashingOptions {
    let cost = Cost {
        memory_kib: *keys.memory_kib,
        passes: *keys.passes,
        lanes: *keys.lanes,
    };
    keys.memory_kib.at.accept(cost.check());
    if *keys.max_memory_kib < cost.memory_kib {
        let needed = cost.memory_kib;
        let message = format!("is less than the {needed} KiB of `memory_kib`");
        keys.max_memory_kib.at.mistake(message);
    }
    HashingOptions {
        threads: keys.threads.and_then(NonZeroUsize::new),
        cost,
        max_memory_kib: *keys.max_memory_kib,
        pepper,
        queue_capacity: keys.queue.and_then(NonZeroUsize::new),
    }
}
