//! The binary `registrar`: reads the configuration, wires the adapters into the domain, serves.
//!
//! [`cli`] is what can be typed, [`commands`] what each of it does, [`serve`] the life of the server,
//! and [`wiring`] the only place where adapters and use-cases meet.

mod cli;
mod commands;
mod console;
mod core_dumps;
mod hash_cost;
mod health;
mod listen;
mod monitoring;
mod serve;
mod shutdown;
mod telemetry;
mod wiring;

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;
use mimalloc::MiMalloc;
use zeroizing_alloc::ZeroAlloc;

/// Wipes what is freed: passwords pass through buffers of many libraries, none of which would. And,
/// other than glibc's, gives memory back to the system when a flood of connections has passed.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<MiMalloc> = ZeroAlloc(MiMalloc);

fn main() -> ExitCode {
    match commands::run(cli::Cli::parse().command) {
        Ok(code) => code,
        Err(error) => {
            // Nobody is left to be told when standard error is closed.
            let _closed = writeln!(std::io::stderr(), "registrar: {error:#}");
            ExitCode::FAILURE
        }
    }
}
