//! `registrar try`: a server to play with.

use std::net::SocketAddr;
use std::path::Path;

use anyhow::Context as _;
use registrar_domain::model::entropy::Entropy as _;
use registrar_runtime::OsEntropy;
use serde_json::{Value, json};

use crate::cli::TryArgs;
use crate::serve;

pub(super) fn run(arguments: &TryArgs) -> anyhow::Result<()> {
    std::fs::create_dir_all(&arguments.data)
        .with_context(|| format!("cannot make the folder {}", arguments.data.display()))?;
    // Absolute, so that it is the same wherever `registrar admin` is called.
    let data = arguments
        .data
        .canonicalize()
        .with_context(|| format!("cannot find the folder {}", arguments.data.display()))?;
    let text = format!("{:#}\n", configuration(arguments.listen, &data));
    let config =
        registrar_config::load_text(&text, "registrar try", super::environment()).into_config()?;
    let file = arguments.data.join(CONFIG_FILE);
    std::fs::write(&file, format!("{CONFIG_COMMENT}{text}"))
        .with_context(|| format!("cannot write {}", file.display()))?;
    serve::run(config, &[], |addresses| {
        let address = addresses.first().copied().unwrap_or(arguments.listen);
        super::print(&welcome(address, &arguments.data, &file))
    })
}

/// The configuration in the folder of the database, for `registrar admin`. JSON is YAML.
const CONFIG_FILE: &str = "try.yaml";
const CONFIG_COMMENT: &str = "\
# What `registrar try` runs with, for `registrar admin`. It is written anew at every start.
";

/// Registration open for everybody, with an eye on nothing.
fn configuration(listen: SocketAddr, data: &Path) -> Value {
    let plenty = json!({ "per_second": 10, "burst_count": 100 });
    json!({
        "server_name": "localhost",
        "public_baseurl": format!("http://{listen}/"),
        "listeners": [{
            "port": listen.port(),
            "bind_addresses": [listen.ip()],
            "type": "http",
            "resources": [{ "names": ["client"] }],
        }],
        "database": { "name": "sqlite3", "args": { "database": data.join("accounts.db") } },
        "enable_registration": true,
        "enable_registration_without_verification": true,
        // Offers invitations as another way, so that they can be tried too.
        "enable_registration_token_3pid_bypass": true,
        "allow_guest_access": true,
        "rc_registration": plenty,
        "rc_login": { "address": plenty, "account": plenty },
        "registrar": { "log": { "filter": "warn" } },
    })
}

/// What to do next, as lines to copy.
fn welcome(address: SocketAddr, data: &Path, config: &Path) -> String {
    let mut suffix = [0_u8; 2];
    OsEntropy.fill(&mut suffix);
    let username = format!("alice-{:02x}{:02x}", suffix[0], suffix[1]);
    let url = format!("http://{address}/_matrix/client/v3/register");
    let open = format!(
        r#"SESSION=$(curl -s {url} -d '{{"username":"{username}","password":"wonderland"}}' | sed 's/.*"session":"\([^"]*\)".*/\1/')"#
    );
    let close = format!(
        r#"curl -s {url} -d '{{"auth":{{"type":"m.login.dummy","session":"'$SESSION'"}}}}'"#
    );
    let (data, config) = (data.display(), config.display());
    format!(
        "Registrar is listening on http://{address}, its database is in {data}.\n\
         \n\
         Two lines register an account: the first opens a session, the second completes it.\n\
         \n\
         {open}\n\
         {close}\n\
         \n\
         Or point a Matrix client at http://{address} and register there.\n\
         \n\
         While it runs, `registrar admin` looks after accounts and invitations, for example:\n\
         \n\
         registrar admin user list -c {config}\n\
         registrar admin token create --uses 1 -c {config}\n\
         \n\
         Ctrl-C stops the server.\n"
    )
}
