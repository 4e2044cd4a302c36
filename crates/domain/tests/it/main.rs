//! The rules and use-cases of the domain, over in-memory ports.

mod flows;
mod uia_properties;
