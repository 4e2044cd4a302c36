//! What people do with an account that they have, and what is shown of it to others.

pub mod change_password;
pub mod consent;
pub mod deactivate;
pub mod profile;
