//! What an operator gets wrong, and what the server says about it.

use std::net::TcpListener;
use std::process::Output;

use serde_json::json;

use crate::process::Home;

fn fails(output: &Output) -> String {
    assert!(!output.status.success(), "it started: {output:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn all_mistakes_are_told_at_once_and_before_anything_is_touched() {
    let home = Home::with(&json!({
        "server_name": "not a name",
        "refreshable_access_token_lifetime": "soon",
        "registrar": { "hashing": { "memory_kbi": 8 } },
    }));
    for subcommand in ["serve", "check-config"] {
        let output = home.command(&[subcommand]).output().unwrap();
        assert!(!output.status.success());
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        for key in [
            "server_name",
            "refreshable_access_token_lifetime",
            "registrar.hashing.memory_kbi",
        ] {
            assert!(
                said.contains(key),
                "{subcommand} does not mention {key}:\n{said}"
            );
        }
    }
    assert!(!home.path().join("accounts.db").exists());
}

#[test]
fn a_template_that_cannot_be_used_is_found_before_anything_is_touched() {
    let home = Home::with(&json!({
        "email": { "notif_from": "a@example.org", "registration_template_text": "missing.txt" },
    }));
    for subcommand in ["serve", "check-config"] {
        let output = home.command(&[subcommand]).output().unwrap();
        assert!(!output.status.success());
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        assert!(said.contains("missing.txt"), "{subcommand}:\n{said}");
    }
    assert!(!home.path().join("accounts.db").exists());
}

#[test]
fn all_mistakes_in_templates_are_told_at_once_and_before_the_database_is_touched() {
    let templates = tempfile::tempdir().unwrap();
    for (name, source) in [
        ("terms.html", "{% sesion %}"),
        ("thanks.html", "{% if"),
        ("recaptcha.html", "{{ sitekey }}"),
    ] {
        std::fs::write(templates.path().join(name), source).unwrap();
    }
    let consent = tempfile::tempdir().unwrap();
    let home = Home::with(&json!({
        "templates": { "custom_template_directory": templates.path() },
        "email": {
            "notif_from": "noreply@example.org",
            "registration_template_success_html": "thanks.html",
        },
        "user_consent": { "version": "1.0", "template_dir": consent.path() },
    }));
    for subcommand in ["serve", "check-config"] {
        let output = home.command(&[subcommand]).output().unwrap();
        assert!(!output.status.success());
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        for name in [
            "terms.html",
            "thanks.html",
            "en/1.0.html",
            "en/success.html",
        ] {
            let line = format!("the template `{name}` cannot be used: ");
            assert!(said.contains(&line), "{subcommand} {name}:\n{said}");
        }
    }
    assert!(!home.path().join("accounts.db").exists());
}

/// A consent page that was written for Synapse prints `user` also where nobody is named.
#[test]
fn an_undefined_variable_of_a_template_is_a_warning_of_check_config() {
    let consent = tempfile::tempdir().unwrap();
    std::fs::create_dir(consent.path().join("en")).unwrap();
    for (name, source) in [("1.0", "Hello {{ user }}{{ usr }}"), ("success", "Thanks")] {
        std::fs::write(consent.path().join(format!("en/{name}.html")), source).unwrap();
    }
    let home = Home::with(&json!({
        "user_consent": { "version": "1.0", "template_dir": consent.path() },
    }));
    let output = home.command(&["check-config"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}");
    assert!(
        said.contains("en/1.0.html:1: uses an undefined variable"),
        "{said}"
    );
    let _server = home.start();
}

#[test]
fn a_port_in_use_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let home = Home::with(&json!({
        "listeners": [{
            "port": port, "type": "http", "bind_addresses": ["127.0.0.1"],
            "resources": [{ "names": ["client"] }],
        }],
    }));
    let said = fails(&home.command(&["serve"]).output().unwrap());
    assert!(said.contains(&port.to_string()), "{said}");
}

#[test]
fn a_missing_folder_for_the_database_is_named() {
    let home = Home::with(&json!({
        "database": { "name": "sqlite3", "args": { "database": "/nonexistent/folder/a.db" } },
    }));
    let said = fails(&home.command(&["serve"]).output().unwrap());
    assert!(said.contains("/nonexistent/folder/a.db"), "{said}");
}

#[test]
fn a_second_server_on_one_sqlite_file_is_refused() {
    let home = Home::new();
    let _running = home.start();
    let said = fails(&home.command(&["serve"]).output().unwrap());
    assert!(said.contains("accounts.db"), "{said}");
}

#[test]
fn a_missing_configuration_file_is_named() {
    let home = Home::new();
    std::fs::remove_file(home.config()).unwrap();
    let said = fails(&home.command(&["serve"]).output().unwrap());
    assert!(said.contains("homeserver.yaml"), "{said}");
}

#[test]
fn migrations_can_be_listed_run_and_reverted() {
    let home = Home::new();
    let run = |arguments: &[&str]| {
        let output = home.command(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    assert!(run(&["migrate", "status"]).contains("pending"));
    run(&["migrate", "up"]);
    assert!(!run(&["migrate", "status"]).contains("pending"));
    run(&["migrate", "down"]);
    assert!(run(&["migrate", "status"]).contains("pending"));
    home.start().terminate();
    assert!(!run(&["migrate", "status"]).contains("pending"));
}

#[test]
fn a_generated_configuration_is_a_good_one() {
    let home = Home::new();
    let path = home.path().join("generated.yaml");
    let registrar = || std::process::Command::new(env!("CARGO_BIN_EXE_registrar"));
    let generated = registrar()
        .args([
            "generate-config",
            "--server-name",
            "example.org",
            "--output",
        ])
        .arg(&path)
        .output()
        .unwrap();
    assert!(generated.status.success(), "{generated:?}");
    let database = home.path().join("registrar.db");
    let line = format!("database: \"sqlite:{}\"", database.display());
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains(&line), "the database is beside it: {text}");
    let again = registrar()
        .args([
            "generate-config",
            "--server-name",
            "example.org",
            "--output",
        ])
        .arg(&path)
        .output()
        .unwrap();
    assert!(
        fails(&again).contains("generated.yaml"),
        "an existing file is left alone"
    );
    let checked = registrar()
        .args(["check-config", "--config"])
        .arg(&path)
        .output()
        .unwrap();
    assert!(checked.status.success(), "{checked:?}");
}

#[test]
fn a_hashed_password_can_be_piped_in() {
    use std::io::Write as _;
    use std::process::Stdio;
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_registrar"))
        .arg("hash-password")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"hunter2\n").unwrap();
    let output = child.wait_with_output().unwrap();
    let hash = String::from_utf8(output.stdout).unwrap();
    assert!(
        hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
        "{hash}"
    );
}

/// A configuration with this section `registrar.hashing`, and a path for it.
fn with_hashing(home: &Home, hashing: &str) -> std::path::PathBuf {
    let path = home.path().join("hashing.yaml");
    let database = home.path().join("hashing.db");
    let text = format!(
        "server_name: example.org\n\
         database: {{name: sqlite3, args: {{database: {database:?}}}}}\n\
         registrar: {{hashing: {hashing}}}\n"
    );
    std::fs::write(&path, text).unwrap();
    path
}

#[test]
fn a_hash_that_takes_longer_than_a_request_may_is_refused_at_once() {
    let home = Home::new();
    let path = with_hashing(
        &home,
        "{memory_kib: 4194304, max_memory_kib: 4194304, passes: 1000}",
    );
    for command in ["check-config", "serve", "hash-password"] {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_registrar"))
            .args([command, "--config"])
            .arg(&path)
            .stdin(std::process::Stdio::null())
            .output()
            .unwrap();
        assert!(!output.status.success(), "{command}: {output:?}");
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        assert!(said.contains("one hash takes about"), "{command}: {said}");
        assert!(said.contains("--calibrate"), "{command}: {said}");
    }
    assert!(!home.path().join("hashing.db").exists());
}

#[test]
fn calibrated_settings_can_be_used_as_they_are_printed() {
    let home = Home::new();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_registrar"))
        .args(["hash-password", "--calibrate", "--target-ms", "50"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let proposed = home.path().join("proposed.yaml");
    std::fs::write(&proposed, &output.stdout).unwrap();
    let checked = std::process::Command::new(env!("CARGO_BIN_EXE_registrar"))
        .args(["check-config", "--config"])
        .arg(with_hashing(&home, "{}"))
        .arg("--config")
        .arg(&proposed)
        .output()
        .unwrap();
    assert!(checked.status.success(), "{checked:?}");
}
