//! `registrar admin`: the operator at the console.

use std::io::Write as _;
use std::process::{Output, Stdio};

use serde_json::{Value, json};

use crate::process::{Home, Process};

const PASSWORD: &str = "Secret-Passw0rd";

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
fn the_first_administrator_is_made_before_the_server_has_ever_run() {
    let home = Home::new();
    register(&home, &["root", "--admin", "--display-name", "The boss"]);
    register(&home, &["robo", "--user-type", "bot"]);
    let server = home.start();
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

#[test]
fn accounts_are_looked_after() {
    let home = Home::new();
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
    let shown = json_of(&home, &["user", "deactivate", "bob", "--erase"]);
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
    let home = Home::new();
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
    let home = Home::new();
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
    let home = Home::new();
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
        (&["user", "promote", "nobody"], "", "no such user"),
        (&["user", "show", "@alice:elsewhere.org"], "", "this server"),
        (&["user", "list", "--from=-1"], "", "`from`"),
        (&["token", "create", "--uses=-1"], "", "uses_allowed"),
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
fn beside_a_running_server_the_console_says_what_to_do() {
    let home = Home::new();
    let server = home.start();
    let arguments = ["user", "register", "alice", "--password-stdin"];
    let said = refuses(&home, &arguments, &format!("{PASSWORD}\n"));
    for part in ["stop the server", "/_synapse/admin", "accounts.db"] {
        assert!(said.contains(part), "{part} is missing in {said}");
    }
    server.terminate();
    assert_eq!(json_of(&home, &["user", "list"])["total"], 0);
}
