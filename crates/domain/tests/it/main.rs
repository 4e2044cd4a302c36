//! The rules and use-cases of the domain, over in-memory ports.

mod available;
mod devices;
mod flows;
mod guests;
mod login;
mod register;
mod refresh;
mod uia_properties;
mod uia_sessions;
mod world;
