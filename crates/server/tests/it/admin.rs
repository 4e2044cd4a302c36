//! `registrar admin`: the operator at the console.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

use crate::process::{Home, Process};

const PASSWORD: &str = "Secret-Passw0rd";

/// A home with a database that no server has open.
fn prepared() -> Home {
    prepared_with(&json!({}))
}

fn prepared_with(changes: &Value) -> Home {
    let home = Home::with(changes);
    let migrated = home.command(&["migrate", "up"]).output().unwrap();
    assert!(migrated.status.success(), "{migrated:?}");
    home
}

/// A socket of its own, and the rest as at home.
fn with_socket(socket: &Path) -> Value {
    json!({ "registrar": {
        "console": { "socket": socket },
        "hashing": { "memory_kib": 8, "passes": 1 },
        "log": { "format": "json", "filter": "info" },
    } })
}

/// Runs a command with a password, or nothing, on standard input.
fn run(home: &Home, arguments: &[&str], input: &str) -> Output {
    let mut command = home.command(&[&["admin"], arguments].concat());
    command.stdin(Stdio::piped());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // A command that wants no password may have ended already.
    let _unread = stdin.write_all(input.as_bytes());
    drop(stdin);
    child.wait_with_output().unwrap()
}

#[track_caller]
fn says(home: &Home, arguments: &[&str]) -> String {
    let output = run(home, arguments, "");
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[track_caller]
fn json_of(home: &Home, arguments: &[&str]) -> Value {
    let text = says(home, &[arguments, &["--json"]].concat());
    serde_json::from_str(&text).unwrap()
}

#[track_caller]
fn refuses(home: &Home, arguments: &[&str], input: &str) -> String {
    let output = run(home, arguments, input);
    assert!(!output.status.success(), "{arguments:?}: {output:?}");
    assert!(output.stdout.is_empty(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[track_caller]
fn register(home: &Home, arguments: &[&str]) {
    let arguments = [&["user", "register", "--password-stdin"], arguments].concat();
    let output = run(home, &arguments, &format!("{PASSWORD}\n"));
    assert!(output.status.success(), "{arguments:?}: {output:?}");
}

fn log_in(server: &Process, user: &str, password: &str) -> (u16, Value) {
    let body = json!({
        "type": "m.login.password",
        "identifier": { "type": "m.id.user", "user": user },
        "password": password,
    });
    let answer = server.post("/_matrix/client/v3/login", &body);
    (answer.status, answer.body["access_token"].clone())
}

#[test]
fn the_first_administrator_is_made_with_and_without_a_running_server() {
    for is_running in [false, true] {
        let home = prepared();
        let make = || {
            register(&home, &["root", "--admin", "--display-name", "The boss"]);
            register(&home, &["robo", "--user-type", "bot"]);
        };
        let server = if is_running {
            let server = home.start();
            make();
            server
        } else {
            make();
            home.start()
        };
        let (status, token) = log_in(&server, "root", PASSWORD);
        assert_eq!(status, 200);
        let users = server.get("/_synapse/admin/v2/users", token.as_str().unwrap());
        assert_eq!(users.body["total"], 2);
        assert_eq!(users.body["users"][0]["user_type"], "bot");
        assert_eq!(users.body["users"][1]["displayname"], "The boss");
        let (_, token) = log_in(&server, "robo", PASSWORD);
        let users = server.get("/_synapse/admin/v2/users", token.as_str().unwrap());
        assert_eq!(users.status, 403);
    }
}

#[test]
fn no_database_is_created() {
    let home = Home::new();
    let rows: &[(&[&str], &str)] = &[
        (&["token", "create"], ""),
        (&["user", "list"], ""),
        (
            &["user", "register", "root", "--admin", "--password-stdin"],
            "x\n",
        ),
    ];
    let database = home.path().join("accounts.db");
    for (arguments, input) in rows {
        let said = refuses(&home, arguments, input);
        for part in ["does not exist", "accounts.db", "registrar serve"] {
            assert!(said.contains(part), "{part} is missing in {said}");
        }
        assert!(!database.exists());
    }
    // An empty file is none either.
    std::fs::write(&database, "").unwrap();
    let said = refuses(&home, &["user", "list"], "");
    assert!(said.contains("is empty"), "{said}");
    assert_eq!(std::fs::read(&database).unwrap(), b"");
}

#[test]
fn accounts_are_looked_after() {
    for is_running in [false, true] {
        look_after_accounts(is_running);
    }
}

fn look_after_accounts(is_running: bool) {
    let home = prepared();
    let _server = is_running.then(|| home.start());
    for name in ["alice", "bob"] {
        register(&home, &[name]);
    }
    let shown = json_of(&home, &["user", "promote", "alice"]);
    assert_eq!(
        (&shown["user_id"], &shown["admin"]),
        (&json!("@alice:example.org"), &json!(true))
    );
    let shown = json_of(&home, &["user", "demote", "@alice:example.org"]);
    assert_eq!(shown["admin"], false);
    let shown = json_of(&home, &["user", "deactivate", "bob", "--erase", "--yes"]);
    assert_eq!(
        (&shown["deactivated"], &shown["display_name"]),
        (&json!(true), &Value::Null)
    );
    let names = |arguments: &[&str]| {
        let listed = json_of(&home, &[&["user", "list"], arguments].concat());
        let users = listed["users"].as_array().unwrap().iter();
        users
            .map(|user| user["user_id"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(names(&[]), ["@alice:example.org"]);
    assert_eq!(names(&["--name", "LIC"]), ["@alice:example.org"]);
    assert_eq!(names(&["--admins"]), [""; 0]);
    let all = names(&["--deactivated"]);
    assert_eq!(all, ["@alice:example.org", "@bob:example.org"]);
    assert_eq!(names(&["--deactivated", "--from", "1"]), all[1..]);
    let table = says(&home, &["user", "list", "--deactivated", "--limit", "1"]);
    assert!(table.contains("@alice:example.org"), "{table}");
    assert!(table.contains("of 2 in all"), "{table}");
    let page = says(&home, &["user", "show", "alice"]);
    assert!(page.contains("@alice:example.org"), "{page}");
}

#[test]
fn a_password_is_reset_from_a_file() {
    let home = prepared();
    register(&home, &["alice"]);
    let file = home.path().join("password");
    std::fs::write(&file, "new password\r\nnot this\n").unwrap();
    let file = file.to_str().unwrap();
    let arguments = ["user", "reset-password", "alice", "--password-file", file];
    says(&home, &arguments);
    let server = home.start();
    assert_eq!(log_in(&server, "alice", PASSWORD).0, 403);
    assert_eq!(log_in(&server, "alice", "new password").0, 200);
}

#[test]
fn invitations_are_looked_after() {
    for is_running in [false, true] {
        look_after_invitations(is_running);
    }
}

fn look_after_invitations(is_running: bool) {
    let home = prepared();
    let _server = is_running.then(|| home.start());
    let made = json_of(
        &home,
        &[
            "token",
            "create",
            "--token",
            "welcome",
            "--uses",
            "2",
            "--expires-in",
            "7d",
        ],
    );
    assert_eq!(made["uses_allowed"], 2);
    assert!(made["expiry_time"].is_i64(), "{made}");
    let random = json_of(&home, &["token", "create", "--length", "32"]);
    assert_eq!(random["token"].as_str().unwrap().len(), 32);
    assert_eq!(random["uses_allowed"], Value::Null);

    let edited = json_of(
        &home,
        &["token", "edit", "welcome", "--uses", "0", "--never-expires"],
    );
    let expected = json!({
        "token": "welcome",
        "uses_allowed": 0,
        "pending": 0,
        "completed": 0,
        "expiry_time": null,
    });
    assert_eq!(edited, expected);
    assert_eq!(json_of(&home, &["token", "show", "welcome"]), expected);
    let invalid = json_of(&home, &["token", "list", "--invalid"]);
    assert_eq!(invalid, json!([expected]));
    assert_eq!(
        json_of(&home, &["token", "list", "--valid"]),
        json!([random])
    );
    let table = says(&home, &["token", "list"]);
    assert!(table.contains("welcome"), "{table}");
    let edited = json_of(&home, &["token", "edit", "welcome", "--unlimited"]);
    assert_eq!(edited["uses_allowed"], Value::Null);

    says(&home, &["token", "revoke", "welcome"]);
    for action in ["show", "revoke", "edit"] {
        let said = refuses(&home, &["token", action, "welcome"], "");
        assert!(said.contains("no such token"), "{said}");
    }
}

#[test]
fn what_the_console_refuses() {
    for is_running in [false, true] {
        refuse_at_the_console(is_running);
    }
}

fn refuse_at_the_console(is_running: bool) {
    let home = prepared();
    let _server = is_running.then(|| home.start());
    register(&home, &["alice"]);
    let rows: &[(&[&str], &str, &str)] = &[
        // There is no terminal to ask at.
        (&["user", "register", "bob"], "", "--password-stdin"),
        (
            &["user", "register", "bob", "--password-stdin"],
            "\n",
            "cannot be empty",
        ),
        (
            &[
                "user",
                "register",
                "bob",
                "--password-file",
                "/nonexistent/file",
            ],
            "",
            "/nonexistent/file",
        ),
        (
            &["user", "register", "alice", "--password-stdin"],
            "x\n",
            "taken",
        ),
        (
            &["user", "register", "Bob", "--password-stdin"],
            "x\n",
            "a-z",
        ),
        (
            &["user", "register", "bob", "--password", "x"],
            "",
            "--password",
        ),
        (
            &[
                "user",
                "register",
                "bob",
                "--password-stdin",
                "--user-type",
                "x",
            ],
            "x\n",
            "user_type",
        ),
        (&["user", "promote", "nobody"], "", "no such user"),
        (
            &["user", "deactivate", "nobody", "--yes"],
            "",
            "no such user",
        ),
        // There is no terminal to ask at.
        (&["user", "deactivate", "alice"], "yes\n", "--yes"),
        (
            &["user", "reactivate", "alice", "--no-password"],
            "",
            "not deactivated",
        ),
        (
            &["user", "reactivate", "nobody", "--no-password"],
            "",
            "no such user",
        ),
        (&["user", "reactivate", "alice"], "x\n", "--password-stdin"),
        (&["user", "show", "@alice:elsewhere.org"], "", "this server"),
        (&["user", "list", "--from=-1"], "", "--from"),
        (&["token", "create", "--uses=-1"], "", "--uses"),
        (&["token", "create", "--length", "65"], "", "length"),
        (
            &["token", "create", "--expires-in", "soon"],
            "",
            "--expires-in",
        ),
        (&["token", "create", "--token", "a b"], "", "token"),
    ];
    for (arguments, input, expected) in rows {
        let said = refuses(&home, arguments, input);
        assert!(said.contains(expected), "{arguments:?}: {said}");
    }
    assert_eq!(json_of(&home, &["user", "list"])["total"], 1);
    assert_eq!(json_of(&home, &["token", "list"]), json!([]));
}

#[test]
fn a_deactivated_account_is_reactivated() {
    let home = prepared();
    let server = home.start();
    for name in ["alice", "bob"] {
        register(&home, &[name]);
        says(&home, &["user", "deactivate", name, "--yes"]);
        assert_eq!(log_in(&server, name, PASSWORD).0, 403);
    }
    let arguments = ["user", "reactivate", "alice", "--password-stdin", "--json"];
    let output = run(&home, &arguments, "another one\n");
    let shown: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(shown["deactivated"], false);
    assert_eq!(log_in(&server, "alice", PASSWORD).0, 403);
    assert_eq!(log_in(&server, "alice", "another one").0, 200);
    let shown = json_of(&home, &["user", "reactivate", "bob", "--no-password"]);
    assert_eq!(shown["deactivated"], false);
    assert_eq!(log_in(&server, "bob", PASSWORD).0, 403);
}

#[test]
fn times_are_shown_as_dates() {
    let home = prepared();
    register(&home, &["alice"]);
    says(&home, &["token", "create", "--expires-in", "400d"]);
    for arguments in [
        &["user", "list"][..],
        &["user", "show", "alice"],
        &["token", "list"],
    ] {
        let text = says(&home, arguments);
        let words: Vec<_> = text.split_whitespace().collect();
        let is_date = |words: &[&str]| {
            let shapes =
                [words[0], words[1]].map(|word| word.replace(|c: char| c.is_ascii_digit(), "0"));
            shapes == ["0000-00-00", "00:00"] && words[2] == "UTC"
        };
        assert!(words.windows(3).any(is_date), "{text}");
        assert!(!text.contains(" ago"), "{text}");
    }
}

#[test]
fn only_the_owner_may_open_the_socket_and_it_goes_with_the_server() {
    let home = prepared();
    let socket = home.path().join("accounts.db.sock");
    let server = home.start();
    let mode = std::fs::symlink_metadata(&socket).unwrap().mode();
    assert_eq!(mode & 0o777, 0o600);
    let log = server.log();
    assert!(log.contains(socket.to_str().unwrap()), "{log}");
    server.terminate();
    assert!(!socket.exists());
    // A server that was killed leaves its socket behind, and the next one replaces it.
    home.start().kill();
    assert!(socket.exists());
    assert_eq!(json_of(&home, &["user", "list"])["total"], 0);
    let _server = home.start();
    register(&home, &["alice"]);
    assert_eq!(json_of(&home, &["user", "list"])["total"], 1);
}

#[test]
fn a_server_without_a_console_says_what_to_do() {
    let home = prepared();
    let off = ("REGISTRAR__REGISTRAR__CONSOLE__ENABLED", Path::new("false"));
    let quiet = home.start_with(&[off]);
    assert!(!home.path().join("accounts.db.sock").exists());
    let said = refuses(&home, &["user", "list"], "");
    for part in [
        "registrar.console",
        "stop the server",
        "/_synapse/admin",
        "accounts.db",
    ] {
        assert!(said.contains(part), "{part} is missing in {said}");
    }
    quiet.terminate();
    assert_eq!(json_of(&home, &["user", "list"])["total"], 0);
}

#[test]
fn the_socket_can_be_moved() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("console");
    let home = prepared_with(&with_socket(&socket));
    let server = home.start();
    assert!(socket.exists());
    assert!(!home.path().join("accounts.db.sock").exists());
    assert_eq!(json_of(&home, &["user", "list"])["total"], 0);
    server.terminate();
    // What is no socket is left alone, and the operator hears of it.
    std::fs::write(&socket, "mine").unwrap();
    let output = home.command(&["serve"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        !output.status.success() && said.contains("not a socket"),
        "{said}"
    );
    assert_eq!(std::fs::read(&socket).unwrap(), b"mine");
}

#[test]
fn a_path_that_no_socket_can_have_is_named() {
    let long = format!("/tmp/{}", "x".repeat(110));
    let home = Home::with(&with_socket(Path::new(&long)));
    let output = home.command(&["check-config"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(!output.status.success(), "{said}");
    assert!(said.contains("115 bytes"), "{said}");

    // Beside a database in a deep folder the server goes without.
    let folder = tempfile::tempdir().unwrap();
    let deep = folder.path().join("x".repeat(100));
    std::fs::create_dir(&deep).unwrap();
    let database = json!({ "name": "sqlite3", "args": { "database": deep.join("a.db") } });
    let home = prepared_with(&json!({ "database": database }));
    let server = home.start();
    let said = refuses(&home, &["user", "list"], "");
    assert!(said.contains("registrar.console"), "{said}");
    let log = server.terminate();
    assert!(log.contains("registrar.console.socket"), "{log}");
}

#[test]
fn somebody_is_invited_to_a_server_to_play_with() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let registrar = || Command::new(env!("CARGO_BIN_EXE_registrar"));
    let mut server = registrar()
        .args(["try", "--listen", "127.0.0.1:0", "--data"])
        .arg(&data)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
    let is_last = |line: &std::io::Result<String>| line.as_ref().unwrap().contains("Ctrl-C");
    let is_ready = lines.any(|line| is_last(&line));
    let invited = registrar()
        .args(["admin", "token", "create", "--uses", "1", "--config"])
        .arg(data.join("try.yaml"))
        .output()
        .unwrap();
    server.kill().unwrap();
    server.wait().unwrap();
    assert!(is_ready && invited.status.success(), "{invited:?}");
}
