//! `cargo xtask config-schema`: what is generated from the declarations of the options. Tests of
//! `registrar-config` compare it.

use anyhow::Result;

use crate::shell;

pub(crate) fn run() -> Result<()> {
    let example = ["run", "-p", "registrar-config", "--example", "documents"];
    shell::run(shell::cargo().args(example))
}
