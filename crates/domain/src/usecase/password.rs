//! A new password: how it is checked and hashed, and what setting it ends.

mod new;
mod set;

pub(crate) use new::NewPassword;
pub use new::NewPasswordError;
pub(crate) use set::{Logins, set_password};
