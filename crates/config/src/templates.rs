//! `templates`: pages and mails in the operator's own words.

use std::path::PathBuf;

use super::keys::{Keys as _, keys};
use super::section::{Entry, Section};

keys! {
    pub(crate) struct TemplatesGroup {
        /// Templates of pages and mails.
        templates: TemplatesKeys,
    }
}

keys! {
    pub(crate) struct TemplatesKeys {
        /// A folder that is searched for templates before the built-in ones.
        custom_template_directory: Option<PathBuf>,
    }
}

/// Reads `templates.custom_template_directory`, an existing folder.
pub(crate) fn read(root: &Section<'_>) -> Option<PathBuf> {
    let keys = TemplatesGroup::read(root).templates;
    check_folder(&keys.custom_template_directory);
    keys.custom_template_directory.clone()
}

/// Reports a folder that does not exist.
pub(crate) fn check_folder(entry: &Entry<Option<PathBuf>>) {
    if let Some(folder) = entry.as_ref().filter(|folder| !folder.is_dir()) {
        let message = format!("there is no folder {}", folder.display());
        entry.at.mistake(message);
    }
}
