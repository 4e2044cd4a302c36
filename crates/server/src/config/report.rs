//! `check-config`: what was understood, what is ignored, and what is wrong.

mod show;
mod understood;

use std::fmt::Write as _;

use super::Config;
use super::findings::{Findings, Ignored};

/// The report, ending with a line end. Shows no secret.
pub(super) fn report(config: Option<&Config>, findings: &Findings) -> String {
    let mut report = Report::default();
    report.list(
        "Mistakes",
        findings.mistakes.iter().map(ToString::to_string),
    );
    report.list(
        "Warnings",
        findings.warnings.iter().map(ToString::to_string),
    );
    for (title, reason) in [
        ("Without effect on this server", Ignored::HomeserverOnly),
        ("Unknown, and therefore ignored", Ignored::Unknown),
    ] {
        let names = findings.ignored.iter().filter(|(_, why)| *why == reason);
        report.list(title, names.map(|(name, _)| name.clone()));
    }
    match config {
        Some(config) => understood::describe(&mut report, config),
        None => report
            .0
            .push_str("The server would not start with this configuration.\n"),
    }
    report.0
}

#[derive(Default)]
struct Report(String);

impl Report {
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

    fn title(&mut self, title: &str) {
        let _ = writeln!(self.0, "{title}");
    }

    fn row(&mut self, name: &str, value: impl std::fmt::Display) {
        let _ = writeln!(self.0, "  {name:<26} {value}");
    }
}
