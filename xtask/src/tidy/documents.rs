//! Decision records are numbered, and the changelog is open.

use anyhow::Result;

use crate::shell;

const FOLDER: &str = "docs/decisions";

/// The file names and texts of the decision records, in order.
pub(super) fn decisions() -> Result<Vec<(String, String)>> {
    let mut decisions = Vec::new();
    for file in shell::files(FOLDER, "md")? {
        let name = file
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        decisions.push((name, shell::read(&file)?));
    }
    Ok(decisions)
}

pub(super) fn check_decisions(decisions: &[(String, String)]) -> Vec<String> {
    let mut findings = Vec::new();
    for (number, (name, text)) in (1..).zip(decisions) {
        if !name.starts_with(&format!("{number:04}-")) {
            findings.push(format!("{FOLDER}/{name} should begin with {number:04}-"));
        }
        if !text.starts_with(&format!("# {number}. ")) {
            findings.push(format!(
                "{FOLDER}/{name} should have the heading \"# {number}. …\""
            ));
        }
    }
    findings
}

pub(super) fn check_changelog(changelog: &str) -> Option<String> {
    let first = changelog.lines().find(|line| line.starts_with("## "));
    (first != Some("## Unreleased"))
        .then(|| "CHANGELOG.md should begin with a section \"Unreleased\"".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decisions_are_numbered_without_gaps() {
        let check = |files: &[(&str, &str)]| {
            let files: Vec<_> = files
                .iter()
                .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
                .collect();
            check_decisions(&files).len()
        };
        assert_eq!(
            check(&[("0001-a.md", "# 1. A\n"), ("0002-b.md", "# 2. B\n")]),
            0
        );
        assert_eq!(
            check(&[("0001-a.md", "# 1. A\n"), ("0003-b.md", "# 2. B\n")]),
            1
        );
        assert_eq!(
            check(&[("0001-a.md", "# 1. A\n"), ("0001-b.md", "# 2. B\n")]),
            1
        );
        assert_eq!(check(&[("a.md", "# A\n")]), 2);
    }

    #[test]
    fn the_changelog_is_open_at_the_top() {
        assert_eq!(
            check_changelog("# Changelog\n\n## Unreleased\n\n## 0.1.0 (x)\n"),
            None
        );
        assert!(check_changelog("# Changelog\n\n## 0.1.0 (x)\n\n## Unreleased\n").is_some());
        assert!(check_changelog("# Changelog\n").is_some());
    }
}
