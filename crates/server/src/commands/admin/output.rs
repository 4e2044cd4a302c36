//! Answers for people: tables, and moments as they are told.

use registrar_domain::time::Timestamp;

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

/// How long ago, or how long from now, in its two largest units.
pub(super) fn relative(moment: Timestamp, now: Timestamp) -> String {
    if moment > now {
        format!("in {}", span(moment.ms_since(now)))
    } else {
        format!("{} ago", span(now.ms_since(moment)))
    }
}

fn span(milliseconds: u64) -> String {
    let seconds = milliseconds / 1000;
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    if days > 0 {
        format!("{days} d {} h", hours % 24)
    } else if hours > 0 {
        format!("{hours} h {} min", minutes % 60)
    } else if minutes > 0 {
        format!("{minutes} min {} s", seconds % 60)
    } else {
        format!("{seconds} s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_told_in_their_two_largest_units() {
        let now = Timestamp::from_unix_ms(1_000_000_000);
        let rows = [
            (0, "0 s ago"),
            (-59_999, "59 s ago"),
            (60_000, "in 1 min 0 s"),
            (-3_723_000, "1 h 2 min ago"),
            (90_000_000, "in 1 d 1 h"),
            (31_536_000_000, "in 365 d 0 h"),
        ];
        for (offset, expected) in rows {
            let moment = Timestamp::from_unix_ms(now.unix_ms() + offset);
            assert_eq!(relative(moment, now), expected);
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
