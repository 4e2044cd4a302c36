//! `registrar migrate`.

use std::fmt::Write as _;
use std::path::PathBuf;

use registrar_storage_diesel::{Backend, migrate};

use crate::cli::MigrateAction;
use crate::serve;

pub(super) fn run(action: MigrateAction) -> anyhow::Result<()> {
    match action {
        MigrateAction::Status(arguments) => {
            let backend = backend(&arguments.config)?;
            let status = serve::runtime()?.block_on(migrate::status(&backend))?;
            let mut lines = String::new();
            let states = [("applied", &status.applied), ("pending", &status.pending)];
            for (state, names) in states {
                for name in names {
                    writeln!(lines, "{state}  {name}")?;
                }
            }
            super::print(&lines)
        }
        MigrateAction::Up(arguments) => {
            let backend = backend(&arguments.config)?;
            let names = serve::runtime()?.block_on(migrate::up(&backend))?;
            super::print(&done("applied", &names))
        }
        MigrateAction::Down { config, steps } => {
            let backend = backend(&config.config)?;
            let steps = usize::try_from(steps)?;
            let names = serve::runtime()?.block_on(migrate::down(&backend, steps))?;
            super::print(&done("reverted", &names))
        }
    }
}

fn backend(paths: &[PathBuf]) -> anyhow::Result<Backend> {
    Ok(super::good_config(paths)?.database.backend)
}

fn done(what: &str, names: &[String]) -> String {
    if names.is_empty() {
        return "nothing to do\n".to_owned();
    }
    names
        .iter()
        .map(|name| format!("{what}  {name}\n"))
        .collect()
}
