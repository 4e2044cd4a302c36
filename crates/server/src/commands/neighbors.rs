//! Does the configuration point at what belongs to a homeserver: its database, or its port?
//!
//! Only `check-config` asks: `serve` meets both by itself, but says less about what to do.

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

use registrar_config::{Config, ListenAddress};
use registrar_storage_diesel::{Backend, DieselStore, OpenError, PostgresOptions, migrate};

use crate::serve;

/// How long a stranger on a port has for each step of an answer.
const PATIENCE: Duration = Duration::from_millis(500);

/// The most that is read of its answer.
const MAX_ANSWER_BYTES: u64 = 4096;

/// What is wrong, with the lines to write instead; and what could not be found out.
#[derive(Debug, Default)]
pub(super) struct Neighbors {
    /// Each keeps the server from starting.
    pub(super) mistakes: Vec<String>,
    /// Worth a look.
    pub(super) warnings: Vec<String>,
}

/// Looks at the database and at the ports.
///
/// # Errors
/// When there is no runtime to look from.
pub(super) fn look(config: &Config) -> anyhow::Result<Neighbors> {
    let mut found = Neighbors::default();
    let backend = &config.database.backend;
    // What cannot be used at all has been reported.
    let usable = DieselStore::check(&config.database).is_ok();
    let examine = async {
        if usable {
            migrate::status(backend).await?;
        }
        Ok(())
    };
    match serve::runtime()?.block_on(examine) {
        Ok(()) => {}
        Err(error @ OpenError::Foreign { .. }) => {
            found.mistakes.push(foreign_database(backend, &error));
        }
        Err(error) => {
            let cause = std::error::Error::source(&error);
            let cause = cause.map_or(String::new(), |cause| format!(": {cause}"));
            let warning = format!("{backend} could not be examined: {error}{cause}");
            found.warnings.push(warning);
        }
    }
    for listener in &config.listeners {
        let ListenAddress::Tcp(addresses) = &listener.address else {
            continue;
        };
        let taken = addresses.iter().find(|address| is_synapse(**address));
        if let Some(address) = taken {
            found.mistakes.push(port_of_synapse(*address));
        }
    }
    Ok(found)
}

fn foreign_database(backend: &Backend, error: &OpenError) -> String {
    let (whose, own) = match backend {
        Backend::Sqlite { path } => {
            let absolute = std::path::absolute(path);
            let path = absolute.as_deref().unwrap_or(path);
            let own = path.with_file_name("registrar.db");
            (backend.to_string(), format!("sqlite:{}", own.display()))
        }
        Backend::Postgres(options) => (backend.to_string(), own_database(options)),
    };
    let owner = match error {
        OpenError::Foreign { tables } if is_synapses(tables) => "is a Synapse's, and",
        _ => "is another program's, and",
    };
    format!(
        "{whose} {owner} cannot be shared: {error}. Give this server a database of its own:\n\
         \n    registrar:\n      database: {}",
        quoted(&own)
    )
}

/// Where Synapse notes how far its schema has come.
fn is_synapses(tables: &[String]) -> bool {
    tables.iter().any(|table| table == "applied_schema_deltas")
}

/// The URL of a database of this server's own on the same PostgreSQL.
fn own_database(options: &PostgresOptions) -> String {
    let user = options.user.as_deref().unwrap_or("registrar");
    match options.hosts.first() {
        Some(host) if !host.starts_with('/') => {
            let place = options.places().swap_remove(0);
            format!("postgres://{user}@{place}/registrar")
        }
        Some(folder) => format!("postgres:///registrar?host={folder}&user={user}"),
        None => format!("postgres:///registrar?user={user}"),
    }
}

/// A YAML scalar: JSON's strings are YAML's.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Does a Synapse answer there? It says so in every answer. Another Registrar, which may be this one
/// while it runs, does not.
fn is_synapse(address: SocketAddr) -> bool {
    let ask = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect_timeout(&reachable(address), PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        stream.write_all(
            b"GET /_matrix/client/versions HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        )?;
        let mut answer = Vec::new();
        // What arrived before the cut or the deadline is enough to look at.
        match stream.take(MAX_ANSWER_BYTES).read_to_end(&mut answer) {
            Err(error) if answer.is_empty() => Err(error),
            Ok(_) | Err(_) => Ok(String::from_utf8_lossy(&answer).to_ascii_lowercase()),
        }
    };
    let head = |answer: String| {
        let (head, _) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        head.lines().any(|line| line.starts_with("server: synapse"))
    };
    // Nobody there, or nobody who speaks HTTP.
    ask().is_ok_and(head)
}

/// Where a server that listens on all addresses can be reached.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

fn port_of_synapse(address: SocketAddr) -> String {
    let free = address.port().checked_add(10).unwrap_or(8018);
    format!(
        "a Synapse answers on {address}. Give this server a port of its own, in a second file for \
         `--config`:\n\
         \n    listeners:\n      - {{port: {free}, bind_addresses: [{}], type: http, resources: \
         [{{names: [client]}}]}}",
        quoted(&address.ip().to_string())
    )
}
