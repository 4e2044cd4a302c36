use std::time::Duration;

use proptest::prelude::*;

use super::*;

const START: Timestamp = Timestamp::from_unix_ms(1_700_000_000_000);

fn after(ms: u64) -> Timestamp {
    START.after(Duration::from_millis(ms))
}

#[test]
fn a_burst_and_then_one_per_interval() {
    let limiter = Limiter::new(Rate {
        per_second: 0.17,
        burst_count: 3.0,
    });
    for _ in 0..3 {
        assert_eq!(limiter.charge("a", START), Ok(()));
    }
    assert_eq!(
        limiter.charge("a", START),
        Err(LimitExceeded {
            retry_after_ms: 5882
        })
    );
    assert_eq!(
        limiter.charge("b", START),
        Ok(()),
        "another key has its own bucket"
    );
    assert!(limiter.charge("a", after(5882)).is_err());
    assert_eq!(limiter.charge("a", after(5883)), Ok(()));
    assert!(limiter.charge("a", after(5883)).is_err());
}

#[test]
fn peeking_spends_nothing() {
    let limiter = Limiter::new(Rate {
        per_second: 1.0,
        burst_count: 1.0,
    });
    for _ in 0..10 {
        assert_eq!(limiter.peek("a", START), Ok(()));
    }
    assert_eq!(limiter.charge("a", START), Ok(()));
    assert_eq!(
        limiter.peek("a", START),
        Err(LimitExceeded {
            retry_after_ms: 1000
        })
    );
}

#[test]
fn odd_rates_neither_panic_nor_open_the_gate() {
    let no_refill = Limiter::new(Rate {
        per_second: 0.0,
        burst_count: 2.0,
    });
    assert_eq!(no_refill.charge("a", START), Ok(()));
    assert_eq!(no_refill.charge("a", START), Ok(()));
    let refused = no_refill.charge("a", after(86_400_000)).unwrap_err();
    assert_eq!(refused.retry_after_ms, LimitExceeded::MAX_RETRY_AFTER_MS);

    let nothing = Limiter::new(Rate {
        per_second: 10.0,
        burst_count: 0.0,
    });
    assert!(nothing.charge("a", START).is_err());
}

#[test]
fn a_flood_of_keys_is_bounded_and_frees_nobody() {
    let limiter = Limiter::new(Rate {
        per_second: 0.001,
        burst_count: 2.0,
    });
    for _ in 0..2 {
        limiter.charge("attacker", START).unwrap();
    }
    for key in 0..MAX_KEYS * 2 {
        limiter.charge(&key.to_string(), START).unwrap();
    }
    assert!(limiter.keys() <= MAX_KEYS, "{}", limiter.keys());
    assert!(
        limiter.charge("attacker", START).is_err(),
        "spent keys outlive barely used ones"
    );
}

proptest! {
    /// Whatever the order of arrivals, no window lets through more than its burst and its refill.
    #[test]
    fn never_more_than_burst_plus_refill(
        gaps in proptest::collection::vec(0_u64..4000, 1..200),
        burst in 1_u32..6,
    ) {
        let limiter = Limiter::new(Rate { per_second: 1.0, burst_count: f64::from(burst) });
        let mut now_ms = 0;
        let mut allowed = Vec::new();
        for gap in gaps {
            now_ms += gap;
            if limiter.charge("a", after(now_ms)).is_ok() {
                allowed.push(now_ms);
            }
        }
        for (first, start) in allowed.iter().enumerate() {
            for (last, end) in allowed.iter().enumerate().skip(first) {
                let refill = (end - start) / 1000;
                prop_assert!((last - first + 1) as u64 <= u64::from(burst) + refill);
            }
        }
    }
}
