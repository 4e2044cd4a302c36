//! Proofs of addresses that identity servers give, and which addresses may be used here.

pub(crate) mod allowed;
pub(crate) mod delegated;
