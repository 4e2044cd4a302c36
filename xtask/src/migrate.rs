//! `cargo xtask migrate`: new migrations here, everything else by the binary that embeds them.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};

use crate::shell;
use crate::tidy::migrations::{BACKENDS, FOLDER};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Action {
    /// Make the files of a new migration, for both databases.
    New {
        /// What it does, such as `add_consent_versions`.
        name: String,
    },
    /// Show which migrations a database has: `registrar migrate status`.
    Status(Passed),
    /// Apply the missing migrations: `registrar migrate up`.
    Up(Passed),
    /// Revert the latest migration: `registrar migrate down`.
    Down(Passed),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Passed {
    /// Arguments for `registrar`, such as `--config homeserver.yaml`.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    args: Vec<String>,
}

pub(crate) fn run(action: &Action) -> Result<()> {
    match action {
        Action::New { name } => new(name),
        Action::Status(passed) => registrar("status", &passed.args),
        Action::Up(passed) => registrar("up", &passed.args),
        Action::Down(passed) => registrar("down", &passed.args),
    }
}

fn new(name: &str) -> Result<()> {
    ensure!(
        is_good_name(name),
        "a migration's name is made of a-z, 0-9 and _, and begins with a letter"
    );
    let now = shell::output(shell::command("date").args(["--utc", "+%Y-%m-%d-%H%M%S"]))?;
    let migration = format!("{}_{name}", now.trim_end());
    for backend in BACKENDS {
        let folder = Path::new(FOLDER).join(backend).join(&migration);
        std::fs::create_dir_all(shell::root().join(&folder))
            .with_context(|| format!("cannot make {}", folder.display()))?;
        for file in ["up.sql", "down.sql"] {
            let file = folder.join(file);
            shell::write(&file, "")?;
            shell::say(file.display());
        }
    }
    Ok(())
}

fn is_good_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && name
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'))
}

fn registrar(action: &str, args: &[String]) -> Result<()> {
    let mut cargo = shell::cargo();
    cargo.args([
        "run",
        "--quiet",
        "--package",
        "registrar-server",
        "--",
        "migrate",
        action,
    ]);
    // Paths among the arguments are relative to where they were typed.
    cargo.current_dir(std::env::current_dir().context("the current folder is gone")?);
    shell::run(cargo.args(args))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain_words() {
        for (name, good) in [
            ("add_consent", true),
            ("v2", true),
            ("", false),
            ("_x", false),
            ("2nd", false),
            ("a-b", false),
            ("Add", false),
            ("../x", false),
        ] {
            assert_eq!(is_good_name(name), good, "{name}");
        }
    }
}
