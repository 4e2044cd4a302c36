//! `templates`: pages and mails in the operator's own words.

use std::path::PathBuf;

use super::key::{Key, Kind};
use super::section::Section;

pub(super) const KEYS: &[Key] = &[Key::new(
    "templates",
    Kind::Section(TEMPLATES),
    "Pages and mails in your own words.",
)];

const TEMPLATES: &[Key] = &[Key::new(
    "custom_template_directory",
    Kind::Text,
    "A folder that is searched for templates before the built-in ones.",
)];

/// Reads `templates.custom_template_directory`, an existing folder.
pub(super) fn read(root: &Section<'_>) -> Option<PathBuf> {
    let section = root.section("templates");
    let folder = section.path("custom_template_directory")?;
    if !folder.is_dir() {
        let message = format!("there is no folder {}", folder.display());
        section.mistake("custom_template_directory", message);
    }
    Some(folder)
}
