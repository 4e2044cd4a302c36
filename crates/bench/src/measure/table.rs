//! The result: a Markdown table of comparisons.

use std::fmt;

/// What figures count.
#[derive(Clone, Copy, Debug)]
pub(super) enum Unit {
    PerSecond,
    Milliseconds,
    Microseconds,
    Mebibytes,
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PerSecond => "/s",
            Self::Milliseconds => "ms",
            Self::Microseconds => "µs",
            Self::Mebibytes => "MiB",
        })
    }
}

/// Something measured beside something else, several times.
pub(super) struct Comparison {
    what: String,
    beside: &'static str,
    unit: Unit,
    rounds: Vec<(f64, f64)>,
}

impl Comparison {
    pub(super) fn new(what: String, beside: &'static str, unit: Unit) -> Self {
        Self {
            what,
            beside,
            unit,
            rounds: Vec::new(),
        }
    }

    /// Another pair, measured within the same seconds.
    pub(super) fn add(&mut self, own: f64, other: f64) {
        self.rounds.push((own, other));
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            what,
            beside,
            unit,
            rounds,
        } = self;
        let mut own: Vec<f64> = rounds.iter().map(|(own, _)| *own).collect();
        let mut other: Vec<f64> = rounds.iter().map(|(_, other)| *other).collect();
        let mut ratios: Vec<f64> = rounds.iter().map(|(own, other)| own / other).collect();
        let (own, other) = (quantile(&mut own, 0.5), quantile(&mut other, 0.5));
        let ratio = quantile(&mut ratios, 0.5);
        write!(
            f,
            "| {what} | {} {unit} | {beside}: {} {unit} | **{ratio:.2}**",
            short(own),
            short(other)
        )?;
        if let [first, .., last] = ratios.as_slice() {
            write!(f, " ({first:.2} – {last:.2})")?;
        }
        f.write_str(" |\n")
    }
}

/// The whole result.
#[derive(Default)]
pub(super) struct Table(Vec<(&'static str, Vec<Comparison>)>);

impl Table {
    /// Adds comparisons of one kind; those that were not measured are left out.
    pub(super) fn section(&mut self, title: &'static str, mut comparisons: Vec<Comparison>) {
        comparisons.retain(|comparison| !comparison.rounds.is_empty());
        self.0.push((title, comparisons));
    }

    pub(super) fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (title, comparisons) in &self.0 {
            write!(
                f,
                "\n| {title} | measured | beside | ratio (all rounds) |\n|---|---|---|---|\n"
            )?;
            for comparison in comparisons {
                comparison.fmt(f)?;
            }
        }
        Ok(())
    }
}

/// The value below which a part of all values lies; sorts them.
///
/// # Panics
/// When there are no values.
pub(super) fn quantile(values: &mut [f64], part: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "an index of a vector"
    )]
    let index = (values.len() as f64 * part) as usize;
    values[index.min(values.len() - 1)]
}

/// Three digits that matter.
fn short(value: f64) -> String {
    if value >= 1000.0 {
        format!("{:.0}", (value / 10.0).round() * 10.0)
    } else if value >= 100.0 {
        format!("{value:.0}")
    } else if value >= 10.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.2}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_values() {
        let mut values = [3.0, 1.0, 2.0];
        assert_eq!(quantile(&mut values, 0.5), 2.0);
        assert_eq!(quantile(&mut values, 0.99), 3.0);
        assert_eq!(quantile(&mut [5.0], 0.5), 5.0);
        let mut hundred: Vec<f64> = (0..100).map(f64::from).collect();
        assert_eq!(quantile(&mut hundred, 0.99), 99.0);
    }

    #[test]
    fn figures_are_short() {
        let rows = [
            (21_234.0, "21230"),
            (123.4, "123"),
            (12.34, "12.3"),
            (1.234, "1.23"),
        ];
        for (value, expected) in rows {
            assert_eq!(short(value), expected);
        }
    }

    #[test]
    fn the_ratio_is_that_of_a_round() {
        let mut comparison = Comparison::new("a".to_owned(), "b", Unit::PerSecond);
        // Between rounds the machine became ten times as fast.
        comparison.add(9.0, 10.0);
        comparison.add(90.0, 100.0);
        comparison.add(80.0, 100.0);
        assert_eq!(
            comparison.to_string(),
            "| a | 80.0 /s | b: 100 /s | **0.90** (0.80 – 0.90) |\n"
        );
    }

    #[test]
    fn what_was_not_measured_is_left_out() {
        let mut table = Table::default();
        let comparison = Comparison::new("a".to_owned(), "b", Unit::PerSecond);
        table.section("title", vec![comparison]);
        assert_eq!(table.to_string().lines().count(), 3);
    }
}
