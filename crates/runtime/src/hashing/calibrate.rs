//! How long a hash takes on this machine, measured with a part of it: a setting that asks for hours
//! or for all memory must not take them to be refused.

use std::time::Duration;

use registrar_domain::model::clock::Clock as _;
use registrar_domain::model::password::argon2id::{self, Cost, CostError, Memory};
use registrar_domain::model::password::{Password, Pepper, prepare};

use crate::system::{OsEntropy, SystemClock};

/// The most memory that a measurement uses, in KiB: 32 MiB in one pass take about 15 ms.
const SAMPLE_KIB: u32 = 32 * 1024;
/// The shortest of so many measurements counts, since something else may run meanwhile.
const MEASUREMENTS: usize = 3;
/// The most memory that is proposed, in KiB: what an imported hash may take by default.
const PROPOSED_KIB: u32 = 64 * 1024;
/// The most passes that are proposed, which is what the option takes.
const PROPOSED_PASSES: u32 = 1000;

/// How long a hash of this cost takes on one core that does nothing else.
///
/// # Errors
/// A cost that argon2 does not define.
pub fn estimate(cost: &Cost) -> Result<Duration, CostError> {
    cost.check()?;
    let sample = Cost {
        memory_kib: cost.memory_kib.min(SAMPLE_KIB),
        passes: 1,
        lanes: cost.lanes,
    };
    let whole = work_kib(cost) / work_kib(&sample);
    Ok(measure(&sample)?.mul_f64(whole))
}

/// The cost of a hash that takes about `target` on this machine: two passes over less memory than
/// usual, or as many passes as fit over as much memory as is proposed.
///
/// # Errors
/// None that this cost has.
pub fn propose(target: Duration) -> Result<Cost, CostError> {
    let lanes = 1;
    let sample = Cost {
        memory_kib: SAMPLE_KIB,
        passes: 1,
        lanes,
    };
    let affordable_kib =
        work_kib(&sample) * (target.as_secs_f64() / measure(&sample)?.as_secs_f64());
    // Memory first, since it is what an attacker's hardware is short of; and two passes at least.
    let memory_kib = whole(affordable_kib / 2.0).clamp(8 * lanes, PROPOSED_KIB);
    let passes = whole(affordable_kib / f64::from(memory_kib)).clamp(2, PROPOSED_PASSES);
    Ok(Cost {
        memory_kib,
        passes,
        lanes,
    })
}

fn measure(cost: &Cost) -> Result<Duration, CostError> {
    let password = Password::parse("a password of the usual length").expect("this is a password");
    let prepared = prepare(&password, &Pepper::new(String::new()));
    let mut memory = Memory::new(cost, cost.memory_kib);
    let mut shortest = Duration::MAX;
    for _ in 0..MEASUREMENTS {
        let start = SystemClock.monotonic();
        argon2id::hash(&prepared, cost, &OsEntropy, &mut memory)?;
        shortest = shortest.min(SystemClock.monotonic().since(start));
    }
    Ok(shortest)
}

fn work_kib(cost: &Cost) -> f64 {
    f64::from(cost.memory_kib) * f64::from(cost.passes)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "positive, and the cast saturates"
)]
fn whole(number: f64) -> u32 {
    number.round() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_setting_is_judged_without_computing_it() {
        let largest = Cost {
            memory_kib: 4_194_304,
            passes: 1000,
            lanes: 255,
        };
        // Four tebibytes: no machine moves them in a minute.
        assert!(estimate(&largest).unwrap() > Duration::from_secs(60));
    }

    #[test]
    fn a_cost_that_argon2_does_not_define_is_no_division_by_zero() {
        let impossible = Cost {
            memory_kib: 0,
            passes: 0,
            lanes: 0,
        };
        assert!(estimate(&impossible).is_err());
    }

    #[test]
    fn proposals_are_settings_that_can_be_made() {
        for target in [0, 1, 20, 250, 1000, 3_600_000] {
            let cost = propose(Duration::from_millis(target)).unwrap();
            assert_eq!(cost.check(), Ok(()), "{target} ms: {cost:?}");
            assert!(cost.passes >= 2, "{target} ms: {cost:?}");
            assert!(cost.memory_kib <= PROPOSED_KIB, "{target} ms: {cost:?}");
            assert!(cost.passes <= PROPOSED_PASSES, "{target} ms: {cost:?}");
        }
    }
}
