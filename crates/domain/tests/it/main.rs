//! The rules and use-cases of the domain, over in-memory ports.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should fail")]

mod appservices;
mod available;
mod change_password;
mod consent;
mod deactivation;
mod devices;
mod fallback;
mod flows;
mod guests;
mod limits;
mod login;
mod login_disclosure;
mod login_races;
mod observer;
mod proofs;
mod refresh;
mod register;
mod registration_tokens;
mod repeats;
mod shared_secret;
mod spent_sessions;
mod store;
mod threepids;
mod uia_properties;
mod uia_sessions;
mod usage;
mod user_admin;
mod validating;
mod validations;
mod world;
