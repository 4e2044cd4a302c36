//! `registrar hash-password`.

use std::io::{BufRead as _, IsTerminal as _};

use anyhow::{Context as _, ensure};
use registrar_domain::password::argon2id::{self, Cost, Memory};
use registrar_domain::password::{Password, Pepper, prepare};

use crate::cli::HashPasswordArgs;
use crate::system::OsEntropy;

pub(super) fn run(arguments: &HashPasswordArgs) -> anyhow::Result<()> {
    let (cost, pepper) = if arguments.config.is_empty() {
        (Cost::default(), Pepper::new(String::new()))
    } else {
        let config = super::good_config(&arguments.config)?;
        (config.hashing.cost, config.passwords.pepper)
    };
    let text = read()?;
    ensure!(!text.is_empty(), "a password cannot be empty");
    let password = Password::parse(&text)?;
    let mut memory = Memory::new(&cost, cost.memory_kib);
    let hash = argon2id::hash(&prepare(&password, &pepper), &cost, &OsEntropy, &mut memory)?;
    super::print(&format!("{}\n", hash.expose()))
}

/// The password, typed twice without showing it, or the first line of standard input.
fn read() -> anyhow::Result<String> {
    if !std::io::stdin().is_terminal() {
        let mut line = String::new();
        std::io::stdin()
            .lock()
            .read_line(&mut line)
            .context("cannot read standard input")?;
        return Ok(line.trim_end_matches(['\r', '\n']).to_owned());
    }
    let first = rpassword::prompt_password("Password: ").context("cannot read the password")?;
    let second = rpassword::prompt_password("Once more: ").context("cannot read the password")?;
    ensure!(first == second, "the two passwords differ");
    Ok(first)
}
