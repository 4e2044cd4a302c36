//! Every section of `docs/BEHAVIOR.md` that something cites exists.

use std::collections::BTreeSet;

/// The document that is cited. Its headings begin with the mark and the number of the section.
pub(super) const BEHAVIOR: &str = "docs/BEHAVIOR.md";
/// The document whose tables have section numbers in their first column.
const COVERAGE: &str = "docs/SPEC-COVERAGE.md";
const MARK: char = '§';

/// The numbers of the sections, such as `1.1` and `A.5`.
pub(super) fn sections(behavior: &str) -> BTreeSet<&str> {
    let headings = behavior.lines().filter(|line| line.starts_with('#'));
    headings
        .filter_map(|line| line.trim_start_matches('#').trim_start().strip_prefix(MARK))
        .map(number)
        .collect()
}

pub(super) fn check(file: &str, text: &str, sections: &BTreeSet<&str>) -> Vec<String> {
    let mut findings = Vec::new();
    for (line_number, line) in (1..).zip(text.lines()) {
        let marked = line.match_indices(MARK);
        let mut cited: Vec<&str> = marked
            .map(|(at, mark)| number(&line[at + mark.len()..]))
            .collect();
        if file == COVERAGE {
            cited.extend(first_column(line));
        }
        for section in cited {
            if !section.is_empty() && !sections.contains(section) {
                findings.push(format!(
                    "{file}:{line_number}: {BEHAVIOR} has no section {MARK}{section}"
                ));
            }
        }
    }
    findings
}

/// The section number at the start of a string, without a full stop behind it.
fn number(text: &str) -> &str {
    let end = text
        .find(|c: char| !c.is_ascii_alphanumeric() && c != '.')
        .unwrap_or(text.len());
    text[..end].trim_end_matches('.')
}

/// The section numbers in the first column of a table, without the steps in parentheses.
fn first_column(line: &str) -> impl Iterator<Item = &str> {
    let cell = line.strip_prefix("| ").and_then(|it| it.split('|').next());
    let numbers = cell
        .unwrap_or_default()
        .split('(')
        .next()
        .unwrap_or_default();
    numbers.split([',', '–', ' ']).filter(|it| {
        let mut chars = it.chars();
        let first = chars.next();
        let is_letter = first.is_some_and(|it| it.is_ascii_uppercase());
        let is_section = is_letter && matches!(chars.next(), None | Some('.'));
        is_section || first.is_some_and(|it| it.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = "# Title\n\n## SECT1 One\n\n### SECT1.1 More\n\n#### SECTA.5 Letters\n";

    fn check_line(file: &str, line: &str) -> Vec<String> {
        let marked = |text: &str| text.replace("SECT", &MARK.to_string());
        let document = marked(DOCUMENT);
        check(file, &marked(line), &sections(&document))
    }

    #[test]
    fn what_is_cited_exists() {
        for line in [
            "// See SECT1.1.",
            "(SECT1, SECTA.5)",
            "SECT1.1 steps 7 and 8",
            "none",
        ] {
            assert_eq!(check_line("a.rs", line), [""; 0], "{line}");
        }
        assert_eq!(check_line("a.rs", "SECT1.2 and SECTA.5").len(), 1);
        assert_eq!(check_line("a.rs", "SECT2 and SECTA.6").len(), 2);
    }

    #[test]
    fn the_first_column_of_the_coverage_cites_too() {
        for row in [
            "| 1.1 (7, 8) | x |",
            "| 1, A.5 | 9.9 |",
            "| – | x |",
            "| MSC1 | x |",
            "text 7",
        ] {
            assert_eq!(check_line(COVERAGE, row), [""; 0], "{row}");
        }
        assert_eq!(check_line(COVERAGE, "| 1.1–7.7 | x |").len(), 1);
        assert_eq!(check_line(COVERAGE, "| B.4 | x |").len(), 1);
        assert_eq!(check_line("docs/x.md", "| B.4 | x |"), [""; 0]);
    }
}
