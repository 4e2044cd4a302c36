//! `registrar hash-password`.

use std::time::Duration;

use registrar_config::show_duration;
use registrar_domain::model::password::argon2id::{self, Cost, Memory};
use registrar_domain::model::password::{Password, Pepper, prepare};
use registrar_runtime::{OsEntropy, calibrate};

use super::password::{self, Source};
use crate::cli::HashPasswordArgs;
use crate::hash_cost;

pub(super) fn run(arguments: &HashPasswordArgs) -> anyhow::Result<()> {
    if arguments.calibrate {
        return propose(Duration::from_millis(arguments.target_ms.into()));
    }
    let (cost, pepper) = if arguments.config.is_empty() {
        (Cost::default(), Pepper::new(String::new()))
    } else {
        let config = super::good_config(&arguments.config)?;
        let request_timeout = config.http.options.request_timeout;
        hash_cost::check(&config.hashing.cost, request_timeout).map_err(anyhow::Error::msg)?;
        (config.hashing.cost, config.hashing.pepper)
    };
    let password = Password::parse(&password::read(Source::TerminalOrStdin)?)?;
    let mut memory = Memory::new(&cost, cost.memory_kib);
    let hash = argon2id::hash(&prepare(&password, &pepper), &cost, &OsEntropy, &mut memory)?;
    super::print(&format!("{}\n", hash.expose()))
}

/// Prints settings for the configuration, and what they take.
fn propose(target: Duration) -> anyhow::Result<()> {
    let cost = calibrate::propose(target)?;
    let takes = show_duration(calibrate::estimate(&cost)?);
    let Cost {
        memory_kib,
        passes,
        lanes,
    } = cost;
    let memory_mib = memory_kib.div_ceil(1024);
    super::print(&format!(
        "# One hash takes about {takes} on this machine, and {memory_mib} MiB for each hashing thread.\n\
         registrar:\n  \
           hashing:\n    \
             memory_kib: {memory_kib}\n    \
             passes: {passes}\n    \
             lanes: {lanes}\n"
    ))
}
