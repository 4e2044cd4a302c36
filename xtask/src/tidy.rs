//! `cargo xtask tidy`: the project's rules that no other tool checks.
//!
//! Each rule is a pure function from what it looks at to findings.

mod arrows;
mod citations;
mod documents;
mod floors;
mod manifests;
pub(crate) mod migrations;
mod sources;

use anyhow::{Context as _, Result};

use crate::shell;

pub(crate) fn run() -> Result<()> {
    let metadata = shell::output(shell::cargo().args([
        "metadata",
        "--format-version",
        "1",
        "--no-deps",
        "--locked",
    ]))?;
    let metadata: arrows::Metadata =
        serde_json::from_str(&metadata).context("cannot read what cargo metadata wrote")?;

    let mut findings = arrows::check(&metadata);
    for file in [
        shell::files("crates", "toml")?,
        shell::files("xtask", "toml")?,
    ]
    .concat()
    {
        if file.file_name().is_some_and(|name| name == "Cargo.toml") {
            findings.extend(manifests::check(&file, &shell::read(&file)?));
        }
    }
    let behavior = shell::read(citations::BEHAVIOR)?;
    let sections = citations::sections(&behavior);
    for file in [shell::files("crates", "rs")?, shell::files("xtask", "rs")?].concat() {
        let text = shell::read(&file)?;
        findings.extend(sources::check(&file, &text));
        let cited = citations::check(&file.display().to_string(), &text, &sections);
        findings.extend(cited);
    }
    for file in shell::files("docs", "md")? {
        let text = shell::read(&file)?;
        let cited = citations::check(&file.display().to_string(), &text, &sections);
        findings.extend(cited);
    }
    findings.extend(floors::check()?);
    findings.extend(migrations::check(&migrations::list()?));
    findings.extend(documents::check_decisions(&documents::decisions()?));
    findings.extend(documents::check_changelog(&shell::read("CHANGELOG.md")?));
    shell::report("tidy", &findings)
}
