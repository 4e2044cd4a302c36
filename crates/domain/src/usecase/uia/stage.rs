//! What the stages ask for, one file a stage. `m.login.dummy` and `m.login.terms` ask for nothing: the
//! client's word passes them.

pub(crate) mod password;
pub(crate) mod recaptcha;
pub(crate) mod registration_token;
pub(crate) mod threepid;
