//! `generate-config`: a commented file to begin with.

use std::fmt::Write as _;
use std::path::Path;

use registrar_domain::model::entropy::Entropy;
use registrar_domain::model::id::ServerName;

/// The file, with a stand-in for the server name and secrets that are commented out.
const EXAMPLE: &str = include_str!("../homeserver.example.yaml");

/// The server name in the example.
const EXAMPLE_NAME: &str = "example.org";

/// What stands for a secret in the example. Its line is a comment, so that nobody starts a server
/// with a secret that everybody can read.
const EXAMPLE_SECRET: &str = "<random>";

/// Bytes of randomness in a secret; it is twice as many characters.
const SECRET_BYTES: usize = 32;

/// The database in the example.
const EXAMPLE_DATABASE: &str = "\"sqlite:registrar.db\"";

/// A commented configuration for a server of this name, with secrets of its own and a database in
/// `folder`, wherever the server is started. A program that stores it should make the file readable for its owner only.
pub fn generate(server_name: &ServerName, folder: &Path, entropy: &dyn Entropy) -> String {
    let mut text = String::with_capacity(EXAMPLE.len() * 2);
    // JSON's strings are YAML's.
    let database = format!("sqlite:{}", folder.join("registrar.db").display());
    let database = serde_json::Value::from(database).to_string();
    let example = EXAMPLE
        .replace(EXAMPLE_NAME, server_name.as_str())
        .replace(EXAMPLE_DATABASE, &database);
    for line in example.lines() {
        if line.contains(EXAMPLE_SECRET) {
            let line = line.trim_start_matches(['#', ' ']);
            text.push_str(&line.replace(EXAMPLE_SECRET, &random_hex(entropy)));
        } else {
            text.push_str(line);
        }
        text.push('\n');
    }
    text
}

fn random_hex(entropy: &dyn Entropy) -> String {
    let mut bytes = [0_u8; SECRET_BYTES];
    entropy.fill(&mut bytes);
    bytes.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
