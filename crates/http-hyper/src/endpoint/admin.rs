//! Everything under `/_synapse/admin`, in the shape that operators' tools expect.

pub(crate) mod deactivate;
pub(crate) mod register;
pub(crate) mod registration_tokens;
pub(crate) mod reset_password;
pub(crate) mod server_version;
pub(crate) mod threepid;
pub(crate) mod username_available;
pub(crate) mod users;
pub(crate) mod whois;
