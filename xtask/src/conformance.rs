//! `cargo xtask conformance`: compares the server's answers with those recorded from Synapse.
//!
//! The scenarios, the recordings and their runner are in [`SCENARIOS`]. Scenarios that do not pass
//! yet are listed in [`PENDING`], and the list must be true: a listed scenario that passes has to
//! be removed.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use serde::Deserialize;

use crate::{apt, shell};

/// The folder with the scenarios and their runner, `diff.py`.
const SCENARIOS: &str = "xtask/conformance";
/// The scenarios that may fail, one name per line; `#` begins a comment.
const PENDING: &str = "xtask/conformance-pending.txt";
const PENDING_HEADER: &str = "\
# Recorded scenarios that the server does not pass, one name per line.
# Written by `cargo xtask conformance --bless`; the list should only get shorter.
";

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only the scenarios of this configuration profile.
    #[arg(long)]
    profile: Option<String>,
    /// Only the scenarios whose names match this regular expression.
    #[arg(long)]
    only: Option<String>,
    /// Another folder with scenarios, recordings and a runner.
    #[arg(long, default_value = SCENARIOS)]
    scenarios: PathBuf,
    /// The server to run. By default it is built, as for the tests.
    #[arg(long)]
    binary: Option<PathBuf>,
    /// List the scenarios that fail now as those that may fail. Needs a run of all scenarios.
    #[arg(long, conflicts_with_all = ["profile", "only"])]
    bless: bool,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let scenarios = shell::root().join(&args.scenarios);
    ensure!(
        scenarios.join("diff.py").is_file(),
        "there is no runner (diff.py) in {}",
        scenarios.display()
    );
    ensure!(
        shell::find_on_path("python3").is_some(),
        "the scenarios need python3, version 3.11 or later"
    );
    let python = python(&scenarios)?;
    let registrar = match &args.binary {
        Some(binary) => binary
            .canonicalize()
            .with_context(|| format!("there is no server at {}", binary.display()))?,
        None => shell::test_build()?,
    };
    let report = compare(args, &python, &scenarios, &registrar)?;
    if args.bless {
        return shell::write(PENDING, &pending_text(&report));
    }
    let selection = if args.profile.is_none() && args.only.is_none() {
        Selection::All
    } else {
        Selection::Some
    };
    shell::report(
        "conformance",
        &judge(&report, &pending(&shell::read(PENDING)?), selection),
    )
}

/// The runner's home, below `target`: it looks for its Python in `tools` there.
fn home() -> PathBuf {
    shell::root().join("target/conformance")
}

/// A Python with the libraries that the runner needs; made on first use.
fn python(scenarios: &Path) -> Result<PathBuf> {
    let environment = home().join("tools");
    let python = environment.join("bin/python");
    let is_complete = || {
        let mut probe = shell::command(&python);
        shell::output(probe.args(["-I", "-c", "import aiosmtpd, aiohttp"])).is_ok()
    };
    if is_complete() {
        return Ok(python);
    }
    let make = || {
        shell::run(
            shell::command("python3")
                .args(["-m", "venv", "--clear"])
                .arg(&environment),
        )
    };
    if let Err(error) = make() {
        // Debian takes the module that makes environments out of its Python.
        if !apt::is_possible()? {
            return Err(error);
        }
        apt::update()?;
        apt::install("python3-venv")?;
        make()?;
    }
    let mut pip = shell::command(&python);
    pip.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--requirement",
    ]);
    shell::run(pip.arg(scenarios.join("lock-tools.txt")))?;
    ensure!(is_complete(), "pip left out some of the libraries");
    Ok(python)
}

#[derive(Debug, Deserialize)]
struct Report {
    scenarios: Vec<Scenario>,
}

#[derive(Debug, Deserialize)]
struct Scenario {
    name: String,
    result: Outcome,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Outcome {
    Pass,
    Fail,
    Skip,
}

fn compare(args: &Args, python: &Path, scenarios: &Path, registrar: &Path) -> Result<Report> {
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let json = folder.path().join("report.json");
    let mut diff = shell::command(python);
    diff.arg(scenarios.join("diff.py")).arg("compare");
    diff.args([
        "--target",
        r#"cmd:exec "$REGISTRAR" serve --config "$ORACLE_CONFIG""#,
    ]);
    diff.arg("--json").arg(&json);
    for (option, value) in [("--profile", &args.profile), ("--only", &args.only)] {
        if let Some(value) = value {
            diff.args([option, value]);
        }
    }
    diff.env("REGISTRAR", registrar);
    diff.env("ORACLE_HOME", home());
    diff.env("ORACLE_TMP", folder.path());
    // Another folder with scenarios may be read-only.
    diff.env("PYTHONDONTWRITEBYTECODE", "1");
    // Strong hashes would be most of the time of a run, and nothing is compared that depends on
    // them.
    diff.env("REGISTRAR__REGISTRAR__HASHING__MEMORY_KIB", "8");
    diff.env("REGISTRAR__REGISTRAR__HASHING__PASSES", "1");
    // Its exit code also counts the scenarios that may fail, so the report decides.
    let outcome = shell::run(&mut diff);
    match std::fs::read_to_string(&json) {
        Ok(report) => serde_json::from_str(&report).context("cannot read the report"),
        Err(_) => {
            outcome?;
            bail!("the comparison left no report")
        }
    }
}

/// Which scenarios a run was about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Selection {
    All,
    Some,
}

fn pending(text: &str) -> BTreeSet<&str> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect()
}

fn pending_text(report: &Report) -> String {
    let failed = report
        .scenarios
        .iter()
        .filter(|it| it.result == Outcome::Fail);
    let names: BTreeSet<&str> = failed.map(|it| it.name.as_str()).collect();
    let lines = names.into_iter().map(|name| format!("{name}\n"));
    std::iter::once(PENDING_HEADER.to_owned())
        .chain(lines)
        .collect()
}

fn judge(report: &Report, pending: &BTreeSet<&str>, selection: Selection) -> Vec<String> {
    let mut findings = Vec::new();
    for Scenario { name, result } in &report.scenarios {
        match (result, pending.contains(name.as_str())) {
            (Outcome::Fail, false) => findings.push(format!("{name} fails")),
            (Outcome::Pass, true) => {
                findings.push(format!("{name} passes: remove it from {PENDING}"));
            }
            (Outcome::Skip, _) => findings.push(format!("{name} was not compared")),
            (Outcome::Pass, false) | (Outcome::Fail, true) => {}
        }
    }
    if selection == Selection::All {
        let known: BTreeSet<&str> = report.scenarios.iter().map(|it| it.name.as_str()).collect();
        let unknown = pending.difference(&known);
        findings.extend(unknown.map(|name| format!("{name} in {PENDING} is not a scenario")));
    }
    findings
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn report() -> Report {
        serde_json::from_value(json!({ "scenarios": [
            { "name": "good", "result": "pass", "profile": "open" },
            { "name": "bad[1]", "result": "fail", "profile": "open" },
        ]}))
        .unwrap()
    }

    fn check(pending_text: &str, selection: Selection) -> Vec<String> {
        judge(&report(), &pending(pending_text), selection)
    }

    #[test]
    fn a_failure_must_be_listed_and_what_is_listed_must_fail() {
        assert_eq!(check("# why\n\nbad[1]\n", Selection::All), [""; 0]);
        assert_eq!(check("", Selection::All), ["bad[1] fails"]);
        let stale = ["good passes: remove it from xtask/conformance-pending.txt"];
        assert_eq!(check("bad[1]\ngood\n", Selection::All), stale);
    }

    #[test]
    fn only_a_full_run_can_tell_that_a_scenario_is_gone() {
        let gone = ["gone in xtask/conformance-pending.txt is not a scenario"];
        assert_eq!(check("bad[1]\ngone\n", Selection::All), gone);
        assert_eq!(check("bad[1]\ngone\n", Selection::Some), [""; 0]);
    }

    #[test]
    fn a_scenario_that_was_not_compared_is_a_failure() {
        let report = serde_json::from_value(json!({ "scenarios": [
            { "name": "elsewhere", "result": "skip", "profile": "open" },
        ]}))
        .unwrap();
        let findings = judge(&report, &BTreeSet::new(), Selection::Some);
        assert_eq!(findings, ["elsewhere was not compared"]);
    }

    #[test]
    fn what_is_blessed_passes() {
        assert_eq!(check(&pending_text(&report()), Selection::All), [""; 0]);
    }
}
