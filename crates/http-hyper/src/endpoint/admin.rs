//! Everything under `/_synapse/admin/v1`, in the shape that operators' tools expect.

pub(crate) mod register;
pub(crate) mod registration_tokens;
