//! What a source file may not be or contain.

use std::path::Path;

/// Longer than that, a file has more than one reason to change. The aim is 400.
const MAX_LINES: usize = 600;

/// Written in two parts, so that this file does not contain them.
const FORBIDDEN: [(&str, &str); 3] = [
    (
        concat!("#[", "ignore"),
        "a test that does not run tells nothing",
    ),
    (concat!("to", "do!("), "unfinished code"),
    (concat!("unimple", "mented!("), "unfinished code"),
];

pub(super) fn check(file: &Path, text: &str) -> Vec<String> {
    let mut findings = Vec::new();
    let place = file.display();
    if file.file_name().is_some_and(|name| name == "mod.rs") {
        findings.push(format!(
            "{place}: a module is foo.rs beside its folder foo/"
        ));
    }
    let lines = text.lines().count();
    if lines > MAX_LINES {
        findings.push(format!("{place}: {lines} lines, more than {MAX_LINES}"));
    }
    for (number, line) in (1..).zip(text.lines()) {
        for (forbidden, why) in FORBIDDEN {
            if line.contains(forbidden) {
                findings.push(format!("{place}:{number}: {forbidden}: {why}"));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_short_and_finished() {
        let check = |file: &str, text: &str| check(Path::new(file), text).len();
        assert_eq!(check("a.rs", "fn main() {}\n"), 0);
        assert_eq!(check("a/mod.rs", "fn main() {}\n"), 1);
        assert_eq!(check("a.rs", &"\n".repeat(MAX_LINES)), 0);
        assert_eq!(check("a.rs", &"\n".repeat(MAX_LINES + 1)), 1);
        for (forbidden, _) in FORBIDDEN {
            assert_eq!(
                check("a.rs", &format!("\n    {forbidden}")),
                1,
                "{forbidden}"
            );
        }
    }
}
