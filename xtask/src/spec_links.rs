//! `cargo xtask spec-links`: every link to the Matrix specification is pinned, all to one version.

use std::collections::BTreeMap;

use anyhow::Result;

use crate::shell;

const HOST: &str = "spec.matrix.org/";

pub(crate) fn run() -> Result<()> {
    let mut texts = Vec::new();
    let files = [
        shell::files("crates", "rs")?,
        shell::files("crates", "md")?,
        shell::files("docs", "md")?,
    ];
    for file in files.concat() {
        texts.push((file.display().to_string(), shell::read(&file)?));
    }
    shell::report("spec links", &check(&texts))
}

/// Complains about links to another version than the one that most links name, and to none at all.
fn check(texts: &[(String, String)]) -> Vec<String> {
    let mut by_version: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (file, text) in texts {
        for (number, line) in (1..).zip(text.lines()) {
            for (at, _) in line.match_indices(HOST) {
                let version = version(&line[at + HOST.len()..]);
                by_version
                    .entry(version)
                    .or_default()
                    .push(format!("{file}:{number}"));
            }
        }
    }
    let usual = by_version
        .iter()
        .filter(|(version, _)| is_pinned(version))
        .max_by_key(|(_, places)| places.len())
        .map(|(version, _)| *version);
    let mut findings = Vec::new();
    for (version, places) in &by_version {
        if Some(*version) != usual {
            let usual = usual.unwrap_or("a released version");
            findings.extend(places.iter().map(|place| {
                format!("{place}: the link names \"{version}\", it should be {usual}")
            }));
        }
    }
    findings
}

/// The first segment of a link's path.
fn version(rest: &str) -> &str {
    let end = rest
        .find(|c: char| !c.is_ascii_alphanumeric() && c != '.')
        .unwrap_or(rest.len());
    &rest[..end]
}

fn is_pinned(version: &str) -> bool {
    version.strip_prefix('v').is_some_and(|numbers| {
        numbers.split('.').count() == 2 && numbers.split('.').all(|it| it.parse::<u32>().is_ok())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(text: &str) -> Vec<String> {
        check(&[("file".to_owned(), text.replace("SPEC", HOST))])
    }

    #[test]
    fn one_version_is_fine() {
        assert_eq!(
            findings("<https://SPECv1.16/a/#b>\nhttps://SPECv1.16/ SPECv1.16"),
            [""; 0]
        );
        assert_eq!(findings("no link"), [""; 0]);
    }

    #[test]
    fn the_odd_one_out_is_named() {
        assert_eq!(
            findings("SPECv1.16/a\nSPECv1.16/b SPECv1.15/c"),
            ["file:2: the link names \"v1.15\", it should be v1.16"]
        );
    }

    #[test]
    fn a_link_to_the_latest_is_refused_however_frequent() {
        assert_eq!(
            findings("SPEClatest/a SPECunstable/b SPEClatest/c\nSPECv1.16/").len(),
            3
        );
        assert_eq!(findings("SPEClatest/").len(), 1);
        assert_eq!(findings("SPEC").len(), 1);
    }
}
