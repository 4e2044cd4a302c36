//! Answers for people: tables and dates.

use registrar_domain::model::time::Timestamp;
use time::OffsetDateTime;

/// Columns under their headings, with two spaces between them.
pub(super) fn table<const N: usize>(heads: [&str; N], rows: &[[String; N]]) -> String {
    let mut widths = heads.map(|head| head.chars().count());
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |cells: &[&str]| {
        let cells = cells.iter().zip(widths);
        let line: String = cells
            .map(|(cell, width)| format!("{cell:<width$}  "))
            .collect();
        format!("{}\n", line.trim_end())
    };
    let mut text = line(&heads);
    for row in rows {
        text.push_str(&line(&row.each_ref().map(String::as_str)));
    }
    text
}

/// Text of somebody else's, without what a terminal would obey.
pub(super) fn harmless(text: &str) -> String {
    let is_harmless = |c: char| {
        !c.is_control() && !matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
    };
    text.chars()
        .map(|c| if is_harmless(c) { c } else { '\u{FFFD}' })
        .collect()
}

/// A date and the time of day, such as `2026-02-03 14:05 UTC`.
pub(super) fn date(moment: Timestamp) -> String {
    let seconds = moment.unix_ms().div_euclid(1000);
    let Ok(moment) = OffsetDateTime::from_unix_timestamp(seconds) else {
        // Beyond the year 9999.
        return "never".to_owned();
    };
    format!(
        "{}-{:02}-{:02} {:02}:{:02} UTC",
        moment.year(),
        u8::from(moment.month()),
        moment.day(),
        moment.hour(),
        moment.minute()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_shown_as_dates() {
        let rows = [
            (0, "1970-01-01 00:00 UTC"),
            (-1, "1969-12-31 23:59 UTC"),
            (951_782_399_999, "2000-02-28 23:59 UTC"),
            (951_782_400_000, "2000-02-29 00:00 UTC"),
            (1_795_896_300_000, "2026-11-28 20:05 UTC"),
            (i64::MAX, "never"),
        ];
        for (unix_ms, expected) in rows {
            assert_eq!(date(Timestamp::from_unix_ms(unix_ms)), expected);
        }
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [["a", "b"], ["längst", ""]].map(|row| row.map(str::to_owned));
        let expected = "A       LONG\na       b\nlängst\n";
        assert_eq!(table(["A", "LONG"], &rows), expected);
    }

    #[test]
    fn a_name_cannot_command_the_terminal() {
        assert_eq!(
            harmless("Al\u{1B}[2Jice\n\u{202E}"),
            "Al\u{FFFD}[2Jice\u{FFFD}\u{FFFD}"
        );
        assert_eq!(harmless("Älice 🦀"), "Älice 🦀");
    }
}
