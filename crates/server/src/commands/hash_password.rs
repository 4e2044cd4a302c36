//! `registrar hash-password`.

use registrar_domain::password::argon2id::{self, Cost, Memory};
use registrar_domain::password::{Password, Pepper, prepare};

use super::password::{self, Source};
use crate::cli::HashPasswordArgs;
use crate::system::OsEntropy;

pub(super) fn run(arguments: &HashPasswordArgs) -> anyhow::Result<()> {
    let (cost, pepper) = if arguments.config.is_empty() {
        (Cost::default(), Pepper::new(String::new()))
    } else {
        let config = super::good_config(&arguments.config)?;
        (config.hashing.cost, config.passwords.pepper)
    };
    let password = Password::parse(&password::read(Source::TerminalOrStdin)?)?;
    let mut memory = Memory::new(&cost, cost.memory_kib);
    let hash = argon2id::hash(&prepare(&password, &pepper), &cost, &OsEntropy, &mut memory)?;
    super::print(&format!("{}\n", hash.expose()))
}
