//! `cargo xtask ci`: everything that a change must pass, cheapest first.

use anyhow::Result;

use crate::{shell, spec_links, test, tidy};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Leave the tests out, if `cargo xtask test` has just run.
    #[arg(long)]
    without_tests: bool,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    shell::run(shell::cargo().args(["fmt", "--all", "--check"]))?;
    tidy::run()?;
    spec_links::run()?;
    shell::run(shell::cargo().args([
        "clippy",
        "--workspace",
        "--all-targets",
        "--all-features",
        "--locked",
        "--",
        "--deny",
        "warnings",
    ]))?;
    if !args.without_tests {
        test::run(&test::Args::default())?;
    }
    shell::run(
        shell::cargo()
            .args(["doc", "--workspace", "--all-features", "--no-deps"])
            .env("RUSTDOCFLAGS", "--deny warnings"),
    )?;
    deny()
}

/// Licenses, sources and bans. The advisory database lives on the network, so it is asked separately.
fn deny() -> Result<()> {
    if shell::find_on_path("cargo-deny").is_none() {
        shell::say("NOT CHECKED: licenses, sources and bans. Install cargo-deny for that.");
        return Ok(());
    }
    shell::run(shell::cargo().args(["deny", "check", "bans", "licenses", "sources"]))
}
