use std::time::Duration;

use proptest::prelude::*;

use super::*;

/// A process that has run for a year.
const START: MonotonicTime = MonotonicTime::since_start(Duration::from_hours(365 * 24));

fn after(ms: u64) -> MonotonicTime {
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
            retry_after_ms: 5883
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

/// A full shard, whose keys rest one after another from `first_ms` on.
fn full_shard(first_ms: f64) -> HashMap<u64, f64> {
    let mut next_ms = first_ms;
    let keys = 0..MAX_KEYS_PER_SHARD as u64;
    keys.map(|key| {
        let rested_ms = next_ms;
        next_ms += 1.0;
        (key, rested_ms)
    })
    .collect()
}

#[test]
fn only_rested_keys_make_room_where_there_are_any() {
    let mut shard = full_shard(to_ms(START));
    make_room(&mut shard, START);
    assert_eq!(shard.len(), MAX_KEYS_PER_SHARD - 1);
    assert!(!shard.contains_key(&0), "it rests at this very moment");
}

#[test]
fn otherwise_the_tenth_that_rests_soonest_makes_room() {
    let mut shard = full_shard(to_ms(START) + 1.0);
    make_room(&mut shard, START);
    let forgotten = MAX_KEYS_PER_SHARD / 10 + 1;
    assert_eq!(shard.len(), MAX_KEYS_PER_SHARD - forgotten);
    assert!(!shard.contains_key(&(forgotten as u64 - 1)));
    assert!(shard.contains_key(&(forgotten as u64)));
}

#[test]
fn a_known_key_needs_no_room() {
    let limiter = Limiter::new(Rate {
        per_second: 0.001,
        burst_count: 3.0,
    });
    limiter.charge("known", START).unwrap();
    let key = limiter.hasher.hash_one("known");
    let mut other = key;
    while limiter.shard(key).len() < MAX_KEYS_PER_SHARD {
        other = other.wrapping_add(1);
        limiter.shard(key).insert(other, f64::MAX);
    }
    limiter.charge("known", START).unwrap();
    assert_eq!(limiter.shard(key).len(), MAX_KEYS_PER_SHARD);
}

/// Synapse's bucket (§8.1): a count that drains, and since when.
struct Bucket {
    count: f64,
    start_s: f64,
}

impl Bucket {
    /// What is in it after draining at `now_s`.
    fn fill(&mut self, rate: Rate, now_s: f64) -> f64 {
        let fill = self.count - (now_s - self.start_s) * rate.per_second;
        if fill < 0.0 {
            (self.count, self.start_s) = (0.0, now_s);
        }
        fill.max(0.0)
    }

    /// Charges a unit, or says in how many milliseconds there will be one.
    fn charge(&mut self, rate: Rate, now_s: f64) -> Result<(), f64> {
        if self.fill(rate, now_s) <= rate.burst_count - 1.0 {
            self.count += 1.0;
            return Ok(());
        }
        let next_s = self.start_s + (self.count - rate.burst_count + 1.0) / rate.per_second;
        Err((1000.0 * (next_s.max(now_s) - now_s)).floor())
    }
}

proptest! {
    /// One number a key decides as the two of Synapse do, and asks for the same patience.
    #[test]
    fn a_limiter_is_the_leaky_bucket_of_synapse(
        gaps in proptest::collection::vec(0_u32..9000, 1..100),
        per_second in prop::sample::select(vec![0.003, 0.1, 0.17, 0.5, 1.0, 3.0]),
        burst in 1_u32..6,
    ) {
        let rate = Rate { per_second, burst_count: f64::from(burst) };
        let limiter = Limiter::new(rate);
        let mut bucket = Bucket { count: 0.0, start_s: 0.0 };
        let mut now_ms = 0;
        for gap in gaps {
            now_ms += gap;
            let now_s = f64::from(now_ms) / 1000.0;
            let excess = bucket.fill(rate, now_s) - (rate.burst_count - 1.0);
            if excess.abs() < 1e-6 {
                // On the edge, rounding decides, and differently in different units.
                break;
            }
            let now = after(now_ms.into());
            prop_assert_eq!(limiter.peek("a", now).is_ok(), excess < 0.0);
            match (limiter.charge("a", now), bucket.charge(rate, now_s)) {
                (Ok(()), Ok(())) => {}
                (Err(refused), Err(retry_after_ms)) => {
                    let waits_ms = f64::from(u32::try_from(refused.retry_after_ms).unwrap());
                    prop_assert!((waits_ms - retry_after_ms).abs() <= 1.0, "{waits_ms} {retry_after_ms}");
                }
                (ours, theirs) => prop_assert!(false, "{ours:?} {theirs:?} at {now_ms} ms"),
            }
        }
    }

    /// A client that waits exactly as long as it is told is let in, and not a millisecond sooner
    /// than a unit is there.
    #[test]
    fn whoever_waits_as_long_as_told_is_let_in(
        gaps in proptest::collection::vec(0_u32..3000, 1..40),
        per_second in 0.001_f64..5.0,
        burst in 1_u32..6,
    ) {
        let limiter = Limiter::new(Rate { per_second, burst_count: f64::from(burst) });
        let mut now_ms = 0_u64;
        for gap in gaps {
            now_ms += u64::from(gap);
            if let Err(refused) = limiter.charge("a", after(now_ms)) {
                prop_assert!(refused.retry_after_ms > 0);
                now_ms += refused.retry_after_ms;
                prop_assert_eq!(limiter.peek("a", after(now_ms)), Ok(()));
                prop_assert!(limiter.peek("a", after(now_ms - 1)).is_err());
                prop_assert_eq!(limiter.charge("a", after(now_ms)), Ok(()));
            }
        }
    }

    /// What is given back counts as never charged.
    #[test]
    fn units_that_are_given_back_were_never_spent(
        steps in proptest::collection::vec((0_u64..3000, any::<bool>()), 1..60),
    ) {
        let rate = Rate { per_second: 0.5, burst_count: 3.0 };
        let (limiter, plain) = (Limiter::new(rate), Limiter::new(rate));
        let mut now_ms = 0;
        for (gap, keeps) in steps {
            now_ms += gap;
            let now = after(now_ms);
            if keeps {
                prop_assert_eq!(limiter.charge("a", now), plain.charge("a", now));
            } else {
                prop_assert_eq!(limiter.charge("a", now), plain.peek("a", now));
                if plain.peek("a", now).is_ok() {
                    limiter.give_back("a");
                }
            }
        }
    }

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
