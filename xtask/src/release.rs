//! `cargo xtask release`: everything about a release that can be done without publishing it.

mod packages;

use anyhow::{Context as _, Result, bail, ensure};

use crate::{shell, tidy};

const CHANGELOG: &str = "CHANGELOG.md";
const MANIFEST: &str = "Cargo.toml";
const UNRELEASED: &str = "## Unreleased\n";

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The new version, such as 0.2.0.
    #[arg(required_unless_present = "dry_run")]
    version: Option<Version>,
    /// Change nothing; check that this state could be released, and build each crate as it would be
    /// published.
    #[arg(long, conflicts_with = "version")]
    dry_run: bool,
    /// Only pack the crates, without asking the registry and without building them.
    #[arg(long, requires = "dry_run")]
    offline: bool,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let changes = shell::output(shell::command("git").args(["status", "--porcelain"]))?;
    ensure!(
        changes.is_empty(),
        "there are changes that are not committed:\n{changes}"
    );
    check_packages()?;
    match args.version {
        Some(version) => prepare(version),
        None => rehearse(args.offline),
    }
}

/// Checks everything and changes nothing.
fn rehearse(offline: bool) -> Result<()> {
    tidy::run()?;
    unreleased(&shell::read(CHANGELOG)?)?;
    let arguments: &[&str] = if offline {
        &[
            "package",
            "--workspace",
            "--locked",
            "--offline",
            "--no-verify",
        ]
    } else {
        &["publish", "--workspace", "--locked", "--dry-run"]
    };
    shell::run(shell::cargo().args(arguments))
}

fn check_packages() -> Result<()> {
    let metadata = ["metadata", "--format-version", "1", "--no-deps", "--locked"];
    let metadata = shell::output(shell::cargo().args(metadata))?;
    let metadata =
        serde_json::from_str(&metadata).context("cannot read what cargo metadata wrote")?;
    shell::report("packages", &packages::check(&metadata))
}

/// Sets the version and closes the changelog.
fn prepare(version: Version) -> Result<()> {
    let today = shell::output(shell::command("date").args(["--utc", "+%Y-%m-%d"]))?;
    let manifest = set_version(&shell::read(MANIFEST)?, version)?;
    let changelog = close_changelog(&shell::read(CHANGELOG)?, version, today.trim_end())?;
    shell::write(MANIFEST, &manifest)?;
    shell::write(CHANGELOG, &changelog)?;
    shell::run(shell::cargo().args(["update", "--workspace", "--offline"]))?;

    shell::say(format_args!(
        "version {version} is prepared. Look at it with `git diff`, run `cargo xtask ci`, then:\n\n\
         git commit --all --message \"workspace: Release {version}\"\n\
         git tag --annotate v{version} --message \"Registrar {version}\"\n\
         cargo xtask release --dry-run\n\
         git push origin HEAD v{version}\n\
         cargo publish --workspace\n"
    ));
    Ok(())
}

/// A released version; order is age.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Version([u32; 3]);

impl std::str::FromStr for Version {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let numbers: Vec<u32> = text.split('.').map(str::parse).collect::<Result<_, _>>()?;
        let numbers: [u32; 3] = numbers
            .try_into()
            .ok()
            .context("a version has three numbers")?;
        let version = Self(numbers);
        ensure!(
            version.to_string() == text,
            "a version is written like {version}"
        );
        Ok(version)
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [major, minor, patch] = self.0;
        write!(f, "{major}.{minor}.{patch}")
    }
}

/// The workspace's manifest with the new version, in `[workspace.package]` and where its crates depend
/// on each other.
fn set_version(manifest: &str, version: Version) -> Result<String> {
    let (before, section) = manifest
        .split_once("[workspace.package]\n")
        .with_context(|| format!("{MANIFEST} has no [workspace.package]"))?;
    let line = section.lines().next().unwrap_or_default();
    let old: Version = line
        .strip_prefix("version = \"")
        .and_then(|rest| rest.strip_suffix('"'))
        .with_context(|| {
            format!("the first line of [workspace.package] is \"{line}\", not the version")
        })?
        .parse()?;
    ensure!(version > old, "{version} is not later than {old}");
    let rest = &section[line.len()..];
    let manifest = format!("{before}[workspace.package]\nversion = \"{version}\"{rest}");
    let (old, new) = (
        format!(", version = \"{old}\""),
        format!(", version = \"{version}\""),
    );
    let lines = manifest.split_inclusive('\n').map(|line| {
        if line.contains(" = { path = ") {
            line.replacen(&old, &new, 1)
        } else {
            line.to_owned()
        }
    });
    Ok(lines.collect())
}

/// The changelog in which the changes that were unreleased belong to `version`.
fn close_changelog(changelog: &str, version: Version, today: &str) -> Result<String> {
    let (before, after) = unreleased(changelog)?;
    if after.contains(&format!("## {version} ")) {
        bail!("{CHANGELOG} has a section for {version} already");
    }
    Ok(format!(
        "{before}{UNRELEASED}\n## {version} ({today})\n{after}"
    ))
}

/// The changelog before and after the heading of the unreleased changes, of which there must be some.
fn unreleased(changelog: &str) -> Result<(&str, &str)> {
    let (before, after) = changelog
        .split_once(UNRELEASED)
        .with_context(|| format!("{CHANGELOG} has no section \"Unreleased\""))?;
    let entries = after.split("\n## ").next().unwrap_or_default();
    let has_entries = entries
        .lines()
        .any(|line| line.starts_with("- ") || line.starts_with("* "));
    ensure!(
        has_entries,
        "{CHANGELOG} has no unreleased changes, so there is nothing to release"
    );
    Ok((before, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        text.parse().unwrap()
    }

    #[test]
    fn versions_are_three_plain_numbers() {
        for text in [
            "",
            "1",
            "1.2",
            "1.2.3.4",
            "1.2.x",
            "01.2.3",
            "1.2.3-rc1",
            "v1.2.3",
            "+1.2.3",
        ] {
            assert!(text.parse::<Version>().is_err(), "{text}");
        }
        assert!(version("0.10.0") > version("0.9.9"));
    }

    #[test]
    fn only_the_version_of_the_workspace_changes() {
        let manifest = |version: &str| {
            format!(
                "[workspace]\n[workspace.package]\nversion = \"{version}\"\nedition = \"2024\"\n\
                 a = {{ path = \"crates/a\", version = \"{version}\" }}\nx = \"0.1.0\"\n\
                 y = {{ version = \"0.1.0\" }}\n"
            )
        };
        assert_eq!(
            set_version(&manifest("0.1.0"), version("0.2.0")).unwrap(),
            manifest("0.2.0")
        );
        let manifest = &manifest("0.1.0");
        assert!(set_version(manifest, version("0.1.0")).is_err());
        assert!(set_version(manifest, version("0.0.9")).is_err());
        assert!(set_version("[package]\n", version("0.2.0")).is_err());
    }

    #[test]
    fn unreleased_changes_move_under_the_version() {
        let changelog = "# Changelog\n\n## Unreleased\n\n### Fixed\n- A bug.\n\n## 0.1.0 (2024-01-01)\n- First.\n";
        assert_eq!(
            close_changelog(changelog, version("0.2.0"), "2024-02-02").unwrap(),
            "# Changelog\n\n## Unreleased\n\n## 0.2.0 (2024-02-02)\n\n### Fixed\n- A bug.\n\n\
             ## 0.1.0 (2024-01-01)\n- First.\n"
        );
        assert!(close_changelog(changelog, version("0.1.0"), "2024-02-02").is_err());
    }

    #[test]
    fn a_release_without_changes_is_refused() {
        let changelog =
            "# Changelog\n\n## Unreleased\n\n### Added\n\n## 0.1.0 (2024-01-01)\n- First.\n";
        assert!(close_changelog(changelog, version("0.2.0"), "2024-02-02").is_err());
        assert!(close_changelog("# Changelog\n", version("0.2.0"), "2024-02-02").is_err());
    }
}
