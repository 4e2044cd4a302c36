//! Versions of dependencies live in the workspace's manifest and nowhere else.

use std::path::Path;

pub(super) fn check(file: &Path, manifest: &str) -> Vec<String> {
    let mut findings = Vec::new();
    let mut in_dependencies = false;
    for (number, line) in (1..).zip(manifest.lines()) {
        let line = line.trim();
        if let Some(section) = line.strip_prefix('[') {
            let section = section.trim_end_matches(']');
            in_dependencies = section.ends_with("dependencies");
            if section.contains("dependencies.") {
                let place = format!("{}:{number}", file.display());
                findings.push(format!("{place}: write each dependency in one line"));
            }
        } else if in_dependencies && !is_without_version(line) {
            let place = format!("{}:{number}", file.display());
            findings.push(format!(
                "{place}: the version belongs into the workspace's Cargo.toml"
            ));
        }
    }
    findings
}

fn is_without_version(line: &str) -> bool {
    line.is_empty()
        || line.starts_with('#')
        || line.contains("workspace = true")
        || line.contains("path = ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dependencies_come_from_the_workspace() {
        let check = |manifest: &str| check(Path::new("Cargo.toml"), manifest).len();
        assert_eq!(check("[package]\nname = \"x\"\nversion = \"1.0.0\"\n"), 0);
        assert_eq!(
            check("[dependencies]\n# Why.\nserde.workspace = true\n\n[lints]\nx = 1"),
            0
        );
        assert_eq!(
            check("[dev-dependencies]\nx = { path = \".\", features = [\"fakes\"] }"),
            0
        );
        assert_eq!(
            check("[dependencies]\nx = { workspace = true, features = [\"y\"] }"),
            0
        );
        assert_eq!(check("[dependencies]\nserde = \"1\""), 1);
        assert_eq!(
            check("[target.'cfg(unix)'.dependencies]\nx = { version = \"1\" }"),
            1
        );
        assert_eq!(
            check("[build-dependencies]\nx = \"1\"\ny = \"2\"\n[features]\nz = []"),
            2
        );
        assert_eq!(check("[dependencies.serde]\nversion = \"1\""), 1);
    }
}
