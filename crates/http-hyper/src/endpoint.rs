//! The endpoints, in files that mirror their URLs. Each decodes, calls one use-case and encodes.

pub(crate) mod account;
pub(crate) mod admin;
mod auth;
pub(crate) mod auth_fallback;
pub(crate) mod capabilities;
pub(crate) mod consent;
pub(crate) mod devices;
pub(crate) mod health;
pub(crate) mod login;
pub(crate) mod logout;
pub(crate) mod metrics;
pub(crate) mod password_policy;
pub(crate) mod profile;
pub(crate) mod refresh;
pub(crate) mod register;
mod request_token;
pub(crate) mod submit_token;
mod tokens;
pub(crate) mod versions;
pub(crate) mod well_known;
