//! Writes what is generated from the declarations of the options: `docs/config.schema.json`, and the
//! tables in `docs/CONFIG.md`. `cargo xtask config-schema` runs it.

use std::path::Path;
use std::{fs, io};

use registrar_config::{schema, update_guide};

fn main() -> io::Result<()> {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    let guide = docs.join("CONFIG.md");
    let updated = update_guide(&fs::read_to_string(&guide)?);
    let updated = updated.ok_or_else(|| io::Error::other("no marks around the tables"))?;
    fs::write(guide, updated)?;
    fs::write(docs.join("config.schema.json"), format!("{:#}\n", schema()))
}
