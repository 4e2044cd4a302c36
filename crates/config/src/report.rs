//! `check-config`: what was understood, what is ignored, and what is wrong.

mod effect;

use std::fmt::Write as _;

use super::Config;
use super::catalog::TITLED;
use super::findings::{Finding, Findings, Ignored, Shown};

/// The report, ending with a line end. Shows no secret.
pub(super) fn report(config: Option<&Config>, findings: &Findings) -> String {
    let mut report = Report::default();
    report.summary(findings);
    report.list(
        "NOT OBEYED, although it decides who gets in",
        findings.unsupported.iter().map(ToString::to_string),
    );
    if let Some(config) = config {
        effect::describe(&mut report, config);
        report.0.push('\n');
        report.options(&findings.shown);
    }
    report.list(
        "Without effect on this server",
        elsewhere(findings).into_iter(),
    );
    let unknown = findings
        .ignored
        .iter()
        .filter(|(_, why)| *why == Ignored::Unknown);
    report.list(
        "Unknown options, ignored",
        unknown.map(|(name, _)| name.clone()),
    );
    report.list("Warnings", in_order(&findings.warnings));
    if !findings.mistakes.is_empty() {
        report.list("Mistakes", in_order(&findings.mistakes));
        report.0.push_str(WOULD_NOT_START);
    }
    report.0
}

/// What stands below mistakes.
const WOULD_NOT_START: &str = "The server would not start with this configuration.\n";

/// What takes care of options without effect, with their names behind it.
fn elsewhere(findings: &Findings) -> Vec<String> {
    let mut groups: Vec<(&str, Vec<&str>)> = Vec::new();
    for (name, why) in &findings.ignored {
        let Ignored::DoneElsewhere(instead) = why else {
            continue;
        };
        match groups.iter_mut().find(|(it, _)| it == instead) {
            Some((_, names)) => names.push(name),
            None => groups.push((instead, vec![name])),
        }
    }
    groups
        .into_iter()
        .map(|(instead, names)| format!("{} ({instead})", names.join(", ")))
        .collect()
}

/// Findings in the order of files and lines; those without a place come last.
fn in_order(findings: &[Finding]) -> impl Iterator<Item = String> {
    let mut findings: Vec<&Finding> = findings.iter().collect();
    findings.sort_by_key(|finding| match &finding.origin {
        Some(origin) => (0, Some(origin.place())),
        None => (1, None),
    });
    findings.into_iter().map(ToString::to_string)
}

#[derive(Default)]
struct Report(String);

impl Report {
    /// What the report holds, in one line.
    fn summary(&mut self, findings: &Findings) {
        let counted = [
            (findings.mistakes.len(), "mistake", "mistakes"),
            (
                findings.unsupported.len(),
                "unsupported option that decides who gets in",
                "unsupported options that decide who gets in",
            ),
            (findings.warnings.len(), "warning", "warnings"),
            (
                findings.ignored.len(),
                "option without effect",
                "options without effect",
            ),
        ];
        let counted = counted.map(|(count, one, more)| match count {
            0 => format!("no {more}"),
            1 => format!("1 {one}"),
            count => format!("{count} {more}"),
        });
        let _ = writeln!(self.0, "{}.\n", counted.join(", "));
    }

    fn list(&mut self, title: &str, items: impl Iterator<Item = String>) {
        let items: Vec<String> = items.collect();
        if items.is_empty() {
            return;
        }
        let _ = writeln!(self.0, "{title} ({}):", items.len());
        for item in items {
            let _ = writeln!(self.0, "  {item}");
        }
        self.0.push('\n');
    }

    /// Every option with its value. Defaults of the items of lists are left out.
    fn options(&mut self, shown: &[Shown]) {
        let shown: Vec<&Shown> = shown
            .iter()
            .filter(|it| !(it.is_default && it.path.contains('[')))
            .collect();
        let width = shown
            .iter()
            .map(|it| it.path.len())
            .max()
            .unwrap_or_default();
        for (title, keys) in TITLED {
            let is_here = |it: &&&Shown| {
                let top = it.path.split(['.', '[']).next().unwrap_or_default();
                keys.iter().any(|key| key.covers(top))
            };
            let rows: Vec<_> = shown.iter().filter(is_here).collect();
            if rows.is_empty() {
                continue;
            }
            self.title(title);
            for Shown {
                path,
                value,
                is_default,
            } in rows
            {
                let note = if *is_default { " (default)" } else { "" };
                let _ = writeln!(self.0, "  {path:<width$}  {value}{note}");
            }
            self.0.push('\n');
        }
    }

    fn title(&mut self, title: &str) {
        let _ = writeln!(self.0, "{title}");
    }

    fn row(&mut self, name: &str, value: impl std::fmt::Display) {
        let _ = writeln!(self.0, "  {name:<26} {value}");
    }
}
