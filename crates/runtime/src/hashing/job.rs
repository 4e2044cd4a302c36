//! One hash to compute, or one comparison to make.

use std::sync::Arc;

use registrar_domain::model::entropy::Entropy;
use registrar_domain::model::password::argon2id::{self, Cost, Memory};
use registrar_domain::model::password::{
    BCRYPT_WORK_FACTOR, Password, PasswordHash, Pepper, Verification, prepare, verify,
};
use registrar_domain::ports::HashError;
use tokio::sync::oneshot;

/// Where the answer goes.
pub(super) type Reply<T> = oneshot::Sender<Result<T, HashError>>;

/// What all jobs have in common.
pub(super) struct Recipe {
    pub(super) cost: Cost,
    pub(super) max_memory_kib: u32,
    pub(super) pepper: Pepper,
    pub(super) entropy: Arc<dyn Entropy>,
}

impl Recipe {
    /// The memory that one thread works with.
    pub(super) fn memory(&self) -> Memory {
        Memory::new(&self.cost, self.max_memory_kib)
    }
}

#[derive(Debug)]
pub(super) enum Job {
    Hash {
        password: Password,
        reply: Reply<PasswordHash>,
    },
    Verify {
        password: Password,
        stored: PasswordHash,
        reply: Reply<Verification>,
    },
}

impl Job {
    /// The work in this job, in hashes.
    pub(super) fn hashes(&self) -> usize {
        match self {
            Self::Verify { stored, .. } if stored.is_bcrypt() => BCRYPT_WORK_FACTOR,
            Self::Hash { .. } | Self::Verify { .. } => 1,
        }
    }

    /// Answers that there is no place any more, unless the request has gone.
    pub(super) fn refuse(self, retry_after_ms: u64) {
        let busy = HashError::Busy { retry_after_ms };
        let _gone = match self {
            Self::Hash { reply, .. } => reply.send(Err(busy)).is_err(),
            Self::Verify { reply, .. } => reply.send(Err(busy)).is_err(),
        };
    }

    /// Does the work and answers. The request may be gone by then, which is no failure.
    pub(super) fn run(self, recipe: &Recipe, memory: &mut Memory) {
        match self {
            Self::Hash { password, reply } => {
                let prepared = prepare(&password, &recipe.pepper);
                let hash = argon2id::hash(&prepared, &recipe.cost, &*recipe.entropy, memory);
                let _gone = reply.send(hash.map_err(failed));
            }
            Self::Verify {
                password,
                stored,
                reply,
            } => {
                let prepared = prepare(&password, &recipe.pepper);
                let verification = verify(&prepared, &stored, &recipe.cost, memory);
                let _gone = reply.send(verification.map_err(HashError::UnusableHash));
            }
        }
    }
}

fn failed(error: impl std::error::Error) -> HashError {
    HashError::Failed(error.to_string())
}
