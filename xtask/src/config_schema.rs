//! `cargo xtask config-schema`: the JSON Schema of the configuration file, for editors.

use anyhow::{Result, ensure};

use crate::shell;

const FILE: &str = "docs/config.schema.json";

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Change nothing; fail if the file is not what would be written.
    #[arg(long)]
    check: bool,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    if args.check {
        check()
    } else {
        shell::write(FILE, &generate()?)
    }
}

/// Fails if the file in the repository does not describe the current configuration.
///
/// # Errors
/// When they differ, or the server cannot tell.
pub(crate) fn check() -> Result<()> {
    ensure!(
        shell::read(FILE)? == generate()?,
        "{FILE} is out of date: cargo xtask config-schema"
    );
    shell::say("config schema: fine");
    Ok(())
}

fn generate() -> Result<String> {
    let registrar = shell::test_build()?;
    shell::output(shell::command(registrar).arg("config-schema"))
}
