//! `app_service_config_files`.

use std::path::PathBuf;

use super::key::{Key, Kind};
use super::section::Section;

pub(super) const KEYS: &[Key] = &[
    Key::new(
        "app_service_config_files",
        Kind::List(&Kind::Text),
        "Registration files of application services (bridges, bots). Names in their \
         exclusive namespaces cannot be registered by others.",
    )
    .or("[]"),
    Key::new(
        "track_appservice_user_ips",
        Kind::Flag,
        "Record addresses also for users of application services.",
    )
    .or("false"),
];

/// `app_service_config_files` and what goes with them.
#[derive(Clone, Debug)]
pub(crate) struct AppServices {
    /// Existing files.
    pub(crate) files: Vec<PathBuf>,
    /// `track_appservice_user_ips`.
    pub(crate) track_ips: bool,
}

impl AppServices {
    pub(super) fn read(root: &Section<'_>) -> Self {
        let files: Vec<_> = root
            .texts("app_service_config_files")
            .into_iter()
            .map(PathBuf::from)
            .collect();
        for (index, file) in files.iter().enumerate() {
            if !file.is_file() {
                root.mistake(
                    &format!("app_service_config_files[{index}]"),
                    format!("there is no file {}", file.display()),
                );
            }
        }
        Self {
            files,
            track_ips: root.flag("track_appservice_user_ips"),
        }
    }
}
