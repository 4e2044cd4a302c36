//! Where PostgreSQL's server programs are. Debian keeps them off `PATH`.

use std::path::{Path, PathBuf};

use crate::shell;

/// The programs of one installed version.
#[derive(Debug)]
pub(crate) struct Programs {
    pub(super) initdb: PathBuf,
    pub(super) pg_ctl: PathBuf,
    pub(super) psql: PathBuf,
}

impl Programs {
    /// The programs in a folder, if it holds all of them.
    fn in_folder(folder: &Path) -> Option<Self> {
        let program = |name| Some(folder.join(name)).filter(|path| path.is_file());
        program("postgres")?;
        Some(Self {
            initdb: program("initdb")?,
            pg_ctl: program("pg_ctl")?,
            psql: program("psql")?,
        })
    }
}

/// The first complete set: from `PATH`, from Debian's folders (newest version first), or from where
/// `pg_config` points.
pub(super) fn programs() -> Option<Programs> {
    let on_path = shell::find_on_path("initdb")
        .and_then(|initdb| initdb.canonicalize().ok())
        .and_then(|initdb| initdb.parent().map(Path::to_owned));
    let pg_config = shell::output(shell::command("pg_config").arg("--bindir"))
        .ok()
        .map(|folder| PathBuf::from(folder.trim_end()));
    on_path
        .into_iter()
        .chain(debian_folders())
        .chain(pg_config)
        .find_map(|folder| Programs::in_folder(&folder))
}

fn debian_folders() -> Vec<PathBuf> {
    let Ok(versions) = Path::new("/usr/lib/postgresql").read_dir() else {
        return Vec::new();
    };
    let mut folders: Vec<PathBuf> = versions
        .filter_map(Result::ok)
        .map(|version| version.path().join("bin"))
        .collect();
    folders.sort_by_key(|folder| std::cmp::Reverse(major_version(folder)));
    folders
}

/// The version in `/usr/lib/postgresql/<version>/bin`.
fn major_version(folder: &Path) -> Option<u32> {
    folder
        .parent()?
        .file_name()?
        .to_str()?
        .split('.')
        .next()?
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_as_numbers() {
        let version = |text: &str| major_version(&Path::new("/usr/lib/postgresql").join(text));
        assert!(version("15/bin") > version("9.6/bin"));
        assert_eq!(version("wide/bin"), None);
    }

    #[test]
    fn an_incomplete_folder_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["initdb", "pg_ctl", "psql"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        assert!(Programs::in_folder(folder.path()).is_none());
        std::fs::write(folder.path().join("postgres"), "").unwrap();
        assert!(Programs::in_folder(folder.path()).is_some());
    }
}
