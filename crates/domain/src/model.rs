//! The lowest floor: values, entities and pure rules, which know neither a door nor a use-case.

pub mod account;
pub mod appservice;
pub mod clock;
pub mod context;
pub mod device;
pub mod entropy;
pub mod given;
pub mod id;
pub mod job;
pub mod limit;
pub mod password;
pub mod pattern;
pub mod policy;
pub mod registration_token;
pub mod secret;
pub mod threepid;
pub mod time;
pub mod token;
pub mod uia;
pub mod verbatim;
