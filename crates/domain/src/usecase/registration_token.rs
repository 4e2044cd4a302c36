//! Registration tokens: is one valid, and what administrators do with them.

pub mod admin;
pub mod validity;
