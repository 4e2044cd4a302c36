//! Where passwords come from: never from an argument, which everybody on the machine can read.

use std::io::{BufRead as _, IsTerminal as _};
use std::path::Path;

use anyhow::{Context as _, bail, ensure};

/// Where a password comes from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Source<'a> {
    /// Typed twice at a terminal.
    Terminal,
    /// Typed twice if standard input is a terminal, or else its first line.
    TerminalOrStdin,
    /// The first line of standard input.
    Stdin,
    /// The first line of a file.
    File(&'a Path),
}

/// Reads a password, which is not empty.
pub(super) fn read(source: Source<'_>) -> anyhow::Result<String> {
    let is_terminal = std::io::stdin().is_terminal();
    let password = match source {
        Source::File(path) => {
            let text = std::fs::read_to_string(path)
                .with_context(|| format!("cannot read {}", path.display()))?;
            first_line(&text).to_owned()
        }
        Source::Terminal | Source::TerminalOrStdin if is_terminal => typed()?,
        Source::Terminal => bail!(
            "there is no terminal to ask for the password: \
             use --password-stdin or --password-file"
        ),
        Source::Stdin | Source::TerminalOrStdin => {
            let mut line = String::new();
            std::io::stdin()
                .lock()
                .read_line(&mut line)
                .context("cannot read standard input")?;
            first_line(&line).to_owned()
        }
    };
    ensure!(!password.is_empty(), "a password cannot be empty");
    Ok(password)
}

fn typed() -> anyhow::Result<String> {
    let first = rpassword::prompt_password("Password: ").context("cannot read the password")?;
    let second = rpassword::prompt_password("Once more: ").context("cannot read the password")?;
    ensure!(first == second, "the two passwords differ");
    Ok(first)
}

fn first_line(text: &str) -> &str {
    let line = text.split('\n').next().unwrap_or_default();
    line.strip_suffix('\r').unwrap_or(line)
}
