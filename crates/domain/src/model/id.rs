//! Matrix identifiers, parsed once: [`ServerName`], [`Localpart`], [`UserId`] and [`DeviceId`].
//!
//! Strict to create ([`Localpart::create`]), lenient to read ([`Localpart::read`]): accounts made by
//! application services or imported from elsewhere may carry historical localparts.
//!
//! Spec: <https://spec.matrix.org/v1.16/appendices/#identifier-grammar>

mod device_id;
mod localpart;
mod server_name;
mod user_id;

pub use device_id::{DeviceId, DeviceIdError};
pub use localpart::{CreateRules, Localpart, LocalpartError};
pub use server_name::{ServerName, ServerNameError};
pub use user_id::UserId;
