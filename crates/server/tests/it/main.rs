//! The binary, started for real: whole paths, crashes, and mistakes of operators.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should fail")]

mod admin;
mod bad_input;
mod crash;
mod logs;
mod lost_database;
#[cfg(target_os = "linux")]
mod memory;
mod metrics;
mod neighbors;
mod outbound;
mod process;
mod start;
mod walk;
