//! The upper floor: what the endpoints call. One file a use-case; the table in the
//! [crate's documentation](crate) leads from an endpoint to its file.
//!
//! [`uia`] stands in front of what must be authorized, [`token`] tells who makes a request; [`name`],
//! [`usage`], [`credentials`], [`password`] and `proof` are rules that several use-cases share.

pub mod account;
pub mod admin;
pub mod credentials;
pub mod device;
pub mod housekeeping;
pub mod login;
pub mod name;
pub mod password;
pub(crate) mod proof;
pub mod registration;
pub mod registration_token;
mod retry;
pub(crate) mod shared;
pub mod threepid;
pub mod token;
pub mod uia;
pub mod usage;
