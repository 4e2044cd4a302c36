//! A configuration that points at what belongs to a homeserver.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use serde_json::{Value, json};

use crate::process::Home;

const DATABASE: &[u8] = include_bytes!("fixtures/homeserver.db");

/// Whether `check-config` was content, and what it said.
fn check(home: &Home) -> (bool, String) {
    let output = home.command(&["check-config"]).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    (output.status.success(), said)
}

fn listening_on(port: u16) -> Value {
    json!({
        "listeners": [{
            "port": port, "type": "http", "bind_addresses": ["127.0.0.1"],
            "resources": [{ "names": ["client"] }],
        }],
    })
}

/// Answers every request with this header line.
fn answering(header: &'static str) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = [0; 512];
            let read = stream.read(&mut request).unwrap();
            assert!(read > 0);
            let answer = format!("HTTP/1.1 200 OK\r\n{header}\r\nContent-Length: 2\r\n\r\n{{}}");
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    port
}

#[test]
fn the_database_of_a_homeserver_is_recognized_and_left_alone() {
    let home = Home::new();
    let file = home.path().join("accounts.db");
    std::fs::write(&file, DATABASE).unwrap();
    let (content, said) = check(&home);
    assert!(!content, "{said}");
    let own = format!(
        "registrar:\n      database: \"sqlite:{}\"",
        home.path().join("registrar.db").display()
    );
    assert!(said.contains("accounts.db is a Synapse's"), "{said}");
    assert!(said.contains(&own), "{said}");
    assert_eq!(std::fs::read(&file).unwrap(), DATABASE);

    // The two lines are all that it takes.
    let advised = home.path().join("own.yaml");
    let lines = said.lines().skip_while(|line| line.trim() != "registrar:");
    let lines: Vec<_> = lines.take(2).map(|line| &line[4..]).collect();
    std::fs::write(&advised, lines.join("\n")).unwrap();
    let checked = home
        .command(&["check-config"])
        .arg("--config")
        .arg(&advised)
        .output()
        .unwrap();
    assert!(checked.status.success(), "{checked:?}");
}

#[test]
fn the_port_of_a_homeserver_is_recognized() {
    let home = Home::with(&listening_on(answering("Server: Synapse/1.140.0")));
    let (content, said) = check(&home);
    assert!(!content, "{said}");
    assert!(said.contains("a Synapse answers on 127.0.0.1:"), "{said}");
    assert!(said.contains("listeners:\n      - {port: "), "{said}");
}

#[test]
fn a_port_of_another_server_is_no_homeservers() {
    let home = Home::with(&listening_on(answering("Server: something")));
    let (content, said) = check(&home);
    assert!(content, "{said}");
}

#[test]
fn a_running_server_may_have_its_configuration_checked() {
    let home = Home::new();
    let server = home.start();
    let (content, said) = check(&home);
    assert!(content, "{said}");
    assert_eq!(server.get("/health", "").status, 200);
    server.terminate();
}

#[test]
fn a_database_that_cannot_be_reached_is_named_with_its_place() {
    let closed = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = closed.local_addr().unwrap().port();
    drop(closed);
    let home = Home::with(&json!({
        "registrar": { "database": format!("postgres://u:geheim@127.0.0.1:{port}/d") },
    }));
    let place = format!("127.0.0.1:{port}");
    let (content, said) = check(&home);
    assert!(content, "it may not be up yet: {said}");
    assert!(
        said.contains("could not be examined") && said.contains(&place),
        "{said}"
    );
    let output = home.command(&["serve"]).output().unwrap();
    assert!(!output.status.success());
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains(&place), "{told}");
    assert!(!format!("{said}{told}").contains("geheim"));
}

#[test]
fn missing_files_of_the_database_are_named_before_the_server_starts() {
    for (setting, value) in [
        ("sslrootcert", "/nonexistent/ca.pem"),
        ("sslcrl", "/nonexistent/crl.pem"),
        ("sslcert", "/nonexistent/cert.pem"),
    ] {
        let mut args = json!({
            "user": "u", "host": "127.0.0.1", "port": 1, "sslmode": "verify-full",
        });
        args[setting] = value.into();
        if setting == "sslcert" {
            args["sslkey"] = "/nonexistent/key.pem".into();
        }
        let home = Home::with(&json!({ "database": { "name": "psycopg2", "args": args } }));
        let (content, said) = check(&home);
        assert!(
            !content && said.contains(&format!("{setting} {value}")),
            "{said}"
        );
    }
}
