//! Third-party identifiers: validating them, and those of an account.

pub mod manage;
pub mod request;
pub mod submit;
