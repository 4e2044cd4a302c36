//! `cargo xtask mutants`: does a test fail when the code is wrong?
//!
//! cargo-mutants changes the code in one place after another and runs the tests of its crate. What
//! it changes and how is configured in `.cargo/mutants.toml`. Mutants that survive must be
//! explained in [`SURVIVORS`], and the list must be true: an explained mutant that a test notices
//! has to be removed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context as _, Result, ensure};

use crate::shell;

/// The mutants that may survive. Lines beginning with `#` are the reason for the mutants below
/// them.
const SURVIVORS: &str = "xtask/mutants-survivors.txt";
/// The version whose names of mutants the list has.
const VERSION: &str = "27.1.0";
/// Exit codes of a run that came to its end: all caught, some missed, some timed out.
const COMPLETE: [i32; 3] = [0, 2, 3];

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only the lines that differ from where this branch left REVISION.
    #[arg(long, value_name = "REVISION", default_value = "main")]
    since: String,
    /// All lines of these files instead, such as `crates/domain/src/**/refresh.rs`. Can be
    /// repeated.
    #[arg(long, value_name = "GLOB", conflicts_with = "since")]
    file: Vec<String>,
    /// How many mutants are tested at once. Each takes a build folder of its own.
    #[arg(long, default_value_t = 1)]
    jobs: u32,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    install()?;
    let folder = shell::target().join("mutants");
    std::fs::create_dir_all(&folder).context("cannot make a folder for the results")?;
    let results = folder.join("mutants.out");
    if results.exists() {
        std::fs::remove_dir_all(&results).context("cannot remove the last results")?;
    }

    let mut mutants = shell::cargo();
    mutants.args(["mutants", "--workspace", "--no-shuffle", "--jobs"]);
    mutants
        .arg(args.jobs.to_string())
        .arg("--output")
        .arg(&folder);
    if args.file.is_empty() {
        let change = folder.join("change.diff");
        std::fs::write(&change, diff(&args.since)?).context("cannot write the difference")?;
        mutants.arg("--in-diff").arg(change);
    }
    for glob in &args.file {
        mutants.args(["--file", glob]);
    }
    let code = shell::status(&mut mutants)?.code();
    ensure!(
        code.is_some_and(|code| COMPLETE.contains(&code)),
        "cargo-mutants did not come to its end"
    );
    let list = shell::read(SURVIVORS)?;
    let outcome = Outcome {
        missed: names(&results.join("missed.txt"))?,
        caught: names(&results.join("caught.txt"))?,
    };
    shell::report("mutants", &judge(&outcome, &list))
}

/// Installs cargo-mutants, if it is missing.
fn install() -> Result<()> {
    if shell::find_on_path("cargo-mutants").is_some() {
        return Ok(());
    }
    let version = ["--version", VERSION];
    shell::run(
        shell::cargo()
            .args(["install", "--locked", "cargo-mutants"])
            .args(version),
    )
}

/// What has changed since this branch left a revision, committed or not.
fn diff(revision: &str) -> Result<String> {
    let base = shell::output(shell::command("git").args(["merge-base", revision, "HEAD"]))?;
    shell::output(shell::command("git").args(["diff", "--no-color", base.trim_end(), "--", "*.rs"]))
}

/// The names of mutants in one of the result files, which is missing if nothing was tested.
fn names(file: &Path) -> Result<BTreeSet<String>> {
    if !file.exists() {
        return Ok(BTreeSet::new());
    }
    let text =
        std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    Ok(text.lines().map(without_position).collect())
}

/// `src/a.rs:7:13: replace …` without the line and column, which change too often.
fn without_position(name: &str) -> String {
    let Some((file, rest)) = name.split_once(".rs:") else {
        return name.to_owned();
    };
    let mutation = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == ':');
    format!("{file}.rs:{mutation}")
}

/// What became of the mutants, by their names. One that makes the tests hang is neither.
struct Outcome {
    missed: BTreeSet<String>,
    caught: BTreeSet<String>,
}

fn judge(outcome: &Outcome, list: &str) -> Vec<String> {
    let explained = explained(list);
    let mut findings = Vec::new();
    for name in &outcome.missed {
        if !explained.contains_key(name.as_str()) {
            findings.push(format!(
                "{name}: no test notices; test it, or explain it in {SURVIVORS}"
            ));
        }
    }
    for (name, has_reason) in explained {
        if !has_reason {
            findings.push(format!("{name} in {SURVIVORS} needs a reason above it"));
        }
        if outcome.caught.contains(name) && !outcome.missed.contains(name) {
            findings.push(format!(
                "{name}: a test notices; remove it from {SURVIVORS}"
            ));
        }
    }
    findings
}

/// The mutants of the list, and whether there is a reason above them.
fn explained(list: &str) -> BTreeMap<&str, bool> {
    let mut found = BTreeMap::new();
    let mut has_reason = false;
    for line in list.lines().map(str::trim) {
        if line.is_empty() {
            has_reason = false;
        } else if line.starts_with('#') {
            has_reason = true;
        } else {
            found.insert(line, has_reason);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str =
        "# About the list.\n\n# Equal at the limit.\nsrc/a.rs: replace < with <= in f\n";

    fn check(missed: &[&str], caught: &[&str], list: &str) -> Vec<String> {
        let names = |names: &[&str]| names.iter().map(|it| without_position(it)).collect();
        let outcome = Outcome {
            missed: names(missed),
            caught: names(caught),
        };
        judge(&outcome, list)
    }

    #[test]
    fn survivors_must_be_explained_wherever_they_are() {
        let survivor = "src/a.rs:7:13: replace < with <= in f";
        assert_eq!(check(&[survivor], &[], LIST), [""; 0]);
        assert_eq!(check(&[survivor], &[], "# About the list.\n").len(), 1);
        assert_eq!(
            check(&["src/b.rs:7:13: replace < with <= in f"], &[], LIST).len(),
            1
        );
    }

    #[test]
    fn what_a_test_notices_is_removed_from_the_list() {
        let name = "src/a.rs:7:13: replace < with <= in f";
        assert_eq!(check(&[], &[name], LIST).len(), 1);
        // The same change elsewhere in the function still survives.
        let other = "src/a.rs:9:13: replace < with <= in f";
        assert_eq!(check(&[other], &[name], LIST), [""; 0]);
        assert_eq!(check(&[], &[], LIST), [""; 0]);
    }

    #[test]
    fn an_explanation_has_a_reason() {
        let list = "# About the list.\n\nsrc/a.rs: replace f with ()\n";
        assert_eq!(check(&[], &[], list).len(), 1);
    }

    #[test]
    fn the_list_of_this_repository_has_reasons() {
        let list = shell::read(SURVIVORS).unwrap();
        assert_eq!(check(&[], &[], &list), [""; 0]);
    }
}
