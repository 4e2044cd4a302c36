//! argon2id as pure functions over memory that the caller owns and reuses.
//!
//! The memory is the point: a fresh buffer for every hash would never come back from the allocator
//! under load, and its page faults cost more than a tenth of the time.

use argon2::{Algorithm, Argon2, Block, Params, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::{BadHash, PasswordHash};
use crate::model::entropy::Entropy;
use crate::model::secret::{Secret, equal_in_constant_time};

/// The length of a salt, which is also the mark of a hash over the whole password: see
/// [`Stored::may_be_cut`].
const SALT_BYTES: usize = 24;
const OUTPUT_BYTES: usize = 32;
/// The most memory times passes that an imported hash may ask for, in KiB: 4 GiB take some seconds.
const MAX_WORK_KIB: u64 = 4 * 1024 * 1024;

/// What one hash costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Memory, in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
}

/// A cost that argon2 does not define.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("argon2 needs at least 1 pass, 1 lane and 8 KiB of memory per lane")]
pub struct CostError;

impl Default for Cost {
    /// 19 MiB, two passes, one lane: the first choice of OWASP's password storage advice.
    fn default() -> Self {
        Self {
            memory_kib: 19_456,
            passes: 2,
            lanes: 1,
        }
    }
}

impl Cost {
    /// Is this a cost that argon2 defines?
    ///
    /// # Errors
    /// [`CostError`].
    pub fn check(&self) -> Result<(), CostError> {
        self.params().map(|_| ())
    }

    /// Memory times passes, in KiB.
    fn work_kib(&self) -> u64 {
        u64::from(self.memory_kib) * u64::from(self.passes)
    }

    fn params(&self) -> Result<Params, CostError> {
        Params::new(self.memory_kib, self.passes, self.lanes, Some(OUTPUT_BYTES))
            .map_err(|_| CostError)
    }
}

/// The working memory of one hashing thread.
pub struct Memory {
    blocks: Vec<Block>,
    usual_blocks: usize,
    max_kib: u32,
    max_work_kib: u64,
}

impl std::fmt::Debug for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Memory")
            .field("blocks", &self.blocks.len())
            .finish_non_exhaustive()
    }
}

impl Memory {
    /// Memory for hashes of `cost`; grows for imported hashes up to `max_kib` and shrinks back.
    pub fn new(cost: &Cost, max_kib: u32) -> Self {
        let usual_blocks = cost.params().map_or(0, |params| params.block_count());
        Self {
            blocks: vec![Block::default(); usual_blocks],
            usual_blocks,
            max_kib: max_kib.max(cost.memory_kib),
            // What this server makes, it must be able to verify.
            max_work_kib: MAX_WORK_KIB.max(cost.work_kib()),
        }
    }

    fn compute(
        &mut self,
        params: Params,
        prepared: &[u8],
        salt: &[u8],
        output: &mut [u8],
    ) -> Result<(), BadHash> {
        let needed = params.block_count();
        if params.m_cost() > self.max_kib {
            return Err(BadHash::TooMuchMemory {
                asked_kib: params.m_cost(),
                allowed_kib: self.max_kib,
            });
        }
        if self.blocks.len() < needed {
            self.blocks.resize(needed, Block::default());
        }
        let result = Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into_with_memory(prepared, salt, output, &mut self.blocks[..needed])
            .map_err(|_| BadHash::Unknown);
        if self.blocks.len() > self.usual_blocks {
            self.blocks.truncate(self.usual_blocks);
            self.blocks.shrink_to_fit();
        }
        result
    }
}

/// Hashes a prepared password with a random salt; the result is in PHC string form.
///
/// # Errors
/// [`CostError`] for a cost that argon2 does not define.
pub fn hash(
    prepared: &Secret<Vec<u8>>,
    cost: &Cost,
    entropy: &dyn Entropy,
    memory: &mut Memory,
) -> Result<PasswordHash, CostError> {
    let mut salt = [0_u8; SALT_BYTES];
    entropy.fill(&mut salt);
    let mut output = [0_u8; OUTPUT_BYTES];
    memory
        .compute(cost.params()?, prepared.expose(), &salt, &mut output)
        .map_err(|_| CostError)?;
    let Cost {
        memory_kib,
        passes,
        lanes,
    } = cost;
    let (salt, output) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(output));
    Ok(PasswordHash::from_stored(format!(
        "$argon2id$v=19$m={memory_kib},t={passes},p={lanes}${salt}${output}"
    )))
}

/// A stored hash, taken apart.
#[derive(Debug)]
pub struct Stored {
    cost: Cost,
    salt: Vec<u8>,
    output: Vec<u8>,
}

impl Stored {
    /// Takes a PHC string apart: `$argon2id$v=19$m=…,t=…,p=…$salt$output`.
    ///
    /// # Errors
    /// [`BadHash::Unknown`] for anything else.
    pub fn parse(text: &str) -> Result<Self, BadHash> {
        let fields: Vec<&str> = text.split('$').collect();
        let ["", "argon2id", "v=19", cost, salt, output] = fields[..] else {
            return Err(BadHash::Unknown);
        };
        let number = |field: Option<&str>, key: &str| {
            field
                .and_then(|f| f.strip_prefix(key))
                .and_then(|n| n.parse().ok())
                .ok_or(BadHash::Unknown)
        };
        let mut numbers = cost.split(',');
        let cost = Cost {
            memory_kib: number(numbers.next(), "m=")?,
            passes: number(numbers.next(), "t=")?,
            lanes: number(numbers.next(), "p=")?,
        };
        let bytes = |field| STANDARD_NO_PAD.decode(field).map_err(|_| BadHash::Unknown);
        match numbers.next() {
            None => Ok(Self {
                cost,
                salt: bytes(salt)?,
                output: bytes(output)?,
            }),
            Some(_) => Err(BadHash::Unknown),
        }
    }

    /// What computing this hash costs.
    pub fn cost(&self) -> Cost {
        self.cost
    }

    /// Could this be a hash of the first 72 bytes of a longer password?
    ///
    /// Salts of 16 bytes are of another program, or of a version of this one that cut passwords
    /// for argon2id as bcrypt does. What [`hash`] makes covers the whole password, and has a longer
    /// salt to say so in a form that every implementation of argon2id reads.
    pub fn may_be_cut(&self) -> bool {
        self.salt.len() != SALT_BYTES
    }

    /// Is this the hash of that prepared password?
    ///
    /// # Errors
    /// [`BadHash`] when it cannot be computed.
    pub fn verify(&self, prepared: &[u8], memory: &mut Memory) -> Result<bool, BadHash> {
        let Cost {
            memory_kib,
            passes,
            lanes,
        } = self.cost;
        if self.cost.work_kib() > memory.max_work_kib {
            return Err(BadHash::TooCostly);
        }
        let params = Params::new(memory_kib, passes, lanes, Some(self.output.len()))
            .map_err(|_| BadHash::Unknown)?;
        let mut output = vec![0_u8; self.output.len()];
        memory.compute(params, prepared, &self.salt, &mut output)?;
        Ok(equal_in_constant_time(&output, &self.output))
    }
}
