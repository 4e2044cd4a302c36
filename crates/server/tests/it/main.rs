//! The binary, started for real: whole paths, crashes, and mistakes of operators.

mod bad_input;
mod crash;
mod logs;
mod process;
mod start;
mod walk;
