//! `registrar generate-config`.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::Context as _;
use registrar_domain::model::id::ServerName;
use registrar_runtime::OsEntropy;

use crate::cli::GenerateArgs;

pub(super) fn run(arguments: &GenerateArgs) -> anyhow::Result<()> {
    let server_name = ServerName::parse(&arguments.server_name)?;
    // A relative path would be another file wherever the server is started.
    let path = arguments.output.as_deref().unwrap_or(Path::new(""));
    let folder = path.parent().unwrap_or(Path::new(""));
    let folder = std::env::current_dir()
        .context("cannot find the current folder")?
        .join(folder);
    let text = registrar_config::generate(&server_name, &folder, &OsEntropy);
    let Some(path) = &arguments.output else {
        return super::print(&text);
    };
    // The file holds secrets, so it is nobody else's to read.
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("cannot create {}", path.display()))?;
    file.write_all(text.as_bytes())
        .with_context(|| format!("cannot write {}", path.display()))
}
