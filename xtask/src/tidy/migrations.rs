//! Each migration is written for both databases, and can be reverted.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context as _, Result};

use crate::shell;

/// Where migrations are.
pub(crate) const FOLDER: &str = "migrations";
/// The databases, by folder name.
pub(crate) const BACKENDS: [&str; 2] = ["postgres", "sqlite"];

const FILES: [&str; 2] = ["down.sql", "up.sql"];

/// The names of the files of each migration that have something in them, per backend.
pub(super) type Migrations = BTreeMap<&'static str, BTreeMap<String, BTreeSet<String>>>;

pub(super) fn list() -> Result<Migrations> {
    let mut migrations = Migrations::new();
    for backend in BACKENDS {
        let folder = shell::root().join(FOLDER).join(backend);
        let mut names = BTreeMap::new();
        for entry in folder
            .read_dir()
            .with_context(|| format!("cannot read {}", folder.display()))?
        {
            let path = entry?.path();
            if path.is_dir() {
                let name = path
                    .file_name()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned();
                names.insert(name, files_with_content(&path)?);
            }
        }
        migrations.insert(backend, names);
    }
    Ok(migrations)
}

fn files_with_content(folder: &Path) -> Result<BTreeSet<String>> {
    let mut files = BTreeSet::new();
    for entry in folder
        .read_dir()
        .with_context(|| format!("cannot read {}", folder.display()))?
    {
        let entry = entry?;
        if entry.metadata()?.len() > 0 {
            files.insert(entry.file_name().to_string_lossy().into_owned());
        }
    }
    Ok(files)
}

pub(super) fn check(migrations: &Migrations) -> Vec<String> {
    let mut findings = Vec::new();
    let names: BTreeSet<&String> = migrations.values().flat_map(BTreeMap::keys).collect();
    for name in names {
        if !is_timestamped(name) {
            findings.push(format!("{FOLDER}: {name} does not begin with a timestamp"));
        }
        for (backend, of_backend) in migrations {
            let Some(files) = of_backend.get(name) else {
                findings.push(format!("{FOLDER}/{backend}/{name} is missing"));
                continue;
            };
            for file in FILES.iter().filter(|file| !files.contains(**file)) {
                findings.push(format!(
                    "{FOLDER}/{backend}/{name}/{file} is missing or empty"
                ));
            }
        }
    }
    findings
}

/// `2024-01-31-235959_name`: the version table holds the digits, and their order is the order of the
/// migrations.
fn is_timestamped(name: &str) -> bool {
    name.split_once('_').is_some_and(|(timestamp, rest)| {
        let shape: String = timestamp
            .chars()
            .map(|c| if c.is_ascii_digit() { '0' } else { c })
            .collect();
        shape == "0000-00-00-000000" && !rest.is_empty()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(entries: &[(&'static str, &str, &[&str])]) -> Vec<String> {
        let mut migrations: Migrations = BACKENDS.map(|it| (it, BTreeMap::new())).into();
        for (backend, name, files) in entries {
            let files = files.iter().map(|file| (*file).to_owned()).collect();
            migrations
                .entry(backend)
                .or_default()
                .insert((*name).to_owned(), files);
        }
        check(&migrations)
    }

    const NAME: &str = "2024-01-31-235959_accounts";

    #[test]
    fn complete_pairs_are_fine() {
        assert_eq!(findings(&[]), [""; 0]);
        let complete = findings(&[("sqlite", NAME, &FILES), ("postgres", NAME, &FILES)]);
        assert_eq!(complete, [""; 0]);
    }

    #[test]
    fn a_migration_for_one_database_only_is_noticed() {
        let found = findings(&[("sqlite", NAME, &FILES)]);
        assert_eq!(
            found,
            ["migrations/postgres/2024-01-31-235959_accounts is missing"]
        );
    }

    #[test]
    fn a_migration_that_cannot_be_reverted_is_noticed() {
        let found = findings(&[("sqlite", NAME, &["up.sql"]), ("postgres", NAME, &FILES)]);
        let missing = "migrations/sqlite/2024-01-31-235959_accounts/down.sql is missing or empty";
        assert_eq!(found, [missing]);
    }

    #[test]
    fn names_begin_with_a_timestamp() {
        for (name, good) in [
            (NAME, true),
            ("2024-01-31-235959_accounts", true),
            ("accounts", false),
            ("1_accounts", false),
            ("20240131235959_", false),
            ("2024013123595x_a", false),
        ] {
            assert_eq!(is_timestamped(name), good, "{name}");
        }
    }
}
