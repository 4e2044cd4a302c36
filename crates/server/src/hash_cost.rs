//! Is what the operator asks of password hashing possible on this machine?

use std::time::Duration;

use registrar_config::show_duration;
use registrar_domain::model::password::argon2id::Cost;
use registrar_runtime::calibrate;

/// Memory times passes of a setting that is not measured, in KiB: a fraction of a second.
const NOT_WORTH_MEASURING_KIB: u64 = 512 * 1024;

/// Refuses a cost whose hashes take longer than a request may.
///
/// # Errors
/// What is wrong and what to do, for people.
pub(crate) fn check(cost: &Cost, request_timeout: Duration) -> Result<(), String> {
    if u64::from(cost.memory_kib) * u64::from(cost.passes) <= NOT_WORTH_MEASURING_KIB {
        return Ok(());
    }
    let takes = calibrate::estimate(cost).map_err(|error| format!("registrar.hashing: {error}"))?;
    if takes <= request_timeout {
        return Ok(());
    }
    Err(format!(
        "registrar.hashing: one hash takes about {} on this machine, longer than a request may \
         (`registrar.http.request_timeout` is {}); `registrar hash-password --calibrate` proposes \
         settings",
        show_duration(takes),
        show_duration(request_timeout),
    ))
}
