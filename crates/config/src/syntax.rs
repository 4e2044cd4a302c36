//! The small languages inside values: durations, sizes, switches.

use std::time::Duration;

use super::tree::Value;

const SECOND_MS: u64 = 1000;
const MINUTE_MS: u64 = 60 * SECOND_MS;
const HOUR_MS: u64 = 60 * MINUTE_MS;
const DAY_MS: u64 = 24 * HOUR_MS;

/// Suffixes of durations and their milliseconds, the longest first.
const DURATION_UNITS: [(char, u64); 6] = [
    ('y', 365 * DAY_MS),
    ('w', 7 * DAY_MS),
    ('d', DAY_MS),
    ('h', HOUR_MS),
    ('m', MINUTE_MS),
    ('s', SECOND_MS),
];

/// Suffixes of sizes and their bytes, the largest first.
const SIZE_UNITS: [(char, u64); 3] = [('G', 1 << 30), ('M', 1 << 20), ('K', 1 << 10)];

/// An integer of milliseconds, or a string of an integer and one of `s m h d w y`.
pub(super) fn duration(value: &Value) -> Option<Duration> {
    quantity(value, &DURATION_UNITS).map(Duration::from_millis)
}

/// The same as text alone, for the command line.
pub fn duration_of(text: &str) -> Option<Duration> {
    duration(&Value::Text(text.to_owned()))
}

/// An integer of bytes, or a string of an integer and one of `K M G`.
pub(super) fn size(value: &Value) -> Option<u64> {
    quantity(value, &SIZE_UNITS)
}

fn quantity(value: &Value, units: &[(char, u64)]) -> Option<u64> {
    match value {
        Value::Integer(count) => u64::try_from(*count).ok(),
        Value::Text(text) => {
            let text = text.trim();
            let unit = units.iter().find(|(suffix, _)| text.ends_with(*suffix));
            let (count, factor) = match unit {
                Some((suffix, factor)) => (text.trim_end_matches(*suffix), *factor),
                None => (text, 1),
            };
            // `12ss` and `+5` are accepted by some number parsers, but nobody means them.
            let digits_only = !count.is_empty() && count.bytes().all(|b| b.is_ascii_digit());
            let suffix_once = text.len() - count.len() <= 1;
            if !digits_only || !suffix_once {
                return None;
            }
            count.parse::<u64>().ok()?.checked_mul(factor)
        }
        _ => None,
    }
}

/// A boolean, or one of the words that stand for one.
pub(super) fn switch(value: &Value) -> Option<bool> {
    let word = match value {
        Value::Flag(flag) => return Some(*flag),
        Value::Integer(integer) => integer.to_string(),
        Value::Text(text) => text.to_lowercase(),
        _ => return None,
    };
    match word.as_str() {
        "y" | "yes" | "t" | "true" | "on" | "1" => Some(true),
        "n" | "no" | "f" | "false" | "off" | "0" => Some(false),
        _ => None,
    }
}

/// A duration with at most three digits: in the largest unit that divides it, as it is written
/// (`5m`, `90s`), or else rounded (`2.35 s`, `27.8 h`).
pub fn show_duration(duration: Duration) -> String {
    let ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let whole = DURATION_UNITS
        .iter()
        .find(|(_, factor)| ms > 0 && ms.is_multiple_of(*factor));
    match whole {
        Some((suffix, factor)) if ms / factor < 1000 => format!("{}{suffix}", ms / factor),
        _ if ms == 0 => "0".to_owned(),
        _ if ms < 1000 => format!("{ms}ms"),
        _ => rounded(duration),
    }
}

/// A second or more, rounded to three digits in the largest unit that it is one of.
fn rounded(duration: Duration) -> String {
    let unit_of = |(suffix, factor): &(char, u64)| (*suffix, Duration::from_millis(*factor));
    let mut units = DURATION_UNITS.iter().map(unit_of);
    let fitting = units.find(|(_, unit)| duration >= *unit);
    let (suffix, unit) = fitting.unwrap_or(('s', Duration::from_secs(1)));
    let count = duration.div_duration_f64(unit);
    let places = match count {
        ..10.0 => 2,
        10.0..100.0 => 1,
        _ => 0,
    };
    let text = format!("{count:.places$}");
    let text = match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.'),
        false => &text,
    };
    format!("{text} {suffix}")
}
