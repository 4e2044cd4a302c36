//! The binary `registrar`: reads the configuration, wires the adapters into the domain, serves.

mod config;
mod hashing;
mod pacing;
mod system;

fn main() {}
