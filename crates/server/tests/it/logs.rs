use serde_json::json;

use crate::process::Home;

#[test]
fn secrets_never_reach_a_log_line() {
    let home = Home::with(&json!({
        "registrar": {
            "hashing": { "memory_kib": 8, "passes": 1 },
            "log": { "format": "json", "filter": "trace" },
        },
    }));
    let server = home.start();
    let password = "hunter2-hunter2";
    let first = server.post(
        "/_matrix/client/v3/register",
        &json!({ "username": "alice", "password": password }),
    );
    let session = first.body["session"].as_str().unwrap();
    let registered = server.post(
        "/_matrix/client/v3/register",
        &json!({
            "username": "alice", "password": password, "refresh_token": true,
            "auth": { "type": "m.login.dummy", "session": session },
        }),
    );
    let text = |key: &str| registered.body[key].as_str().unwrap().to_owned();
    let (access, refresh) = (text("access_token"), text("refresh_token"));
    server.get("/_matrix/client/v3/account/whoami", &access);
    server.get(
        &format!("/_matrix/client/v3/account/whoami?access_token={access}"),
        "x",
    );
    server.get(
        &format!("/_matrix/client/v3/account/whoami?%61ccess_token={access}"),
        "x",
    );
    server.post(
        "/_matrix/client/v3/refresh",
        &json!({ "refresh_token": refresh }),
    );
    server.post(
        "/_matrix/client/v3/login",
        &json!({ "type": "m.login.password", "user": "alice", "password": "wrong-hunter2" }),
    );
    let broken = format!("{{\"password\": \"{password}\", ");
    server
        .request("POST", "/_matrix/client/v3/register", None, Some(&broken))
        .unwrap();

    let log = server.terminate();
    assert!(
        log.contains("/_matrix/client/v3/account/whoami"),
        "requests are logged:\n{log}"
    );
    for secret in [
        password,
        "wrong-hunter2",
        session,
        &access,
        &refresh,
        "argon2id$v",
    ] {
        let line = log.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret} is in the log");
    }
}

#[test]
fn a_request_can_be_followed_from_the_answer_into_the_log() {
    let home = Home::new();
    let server = home.start();
    let answer = server.get("/_matrix/client/v3/account/whoami", "x");
    let id = answer
        .head
        .lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(name, _)| name.eq_ignore_ascii_case("x-request-id"))
        .map(|(_, id)| id.to_owned())
        .expect("the answer has a request ID");
    let log = server.terminate();
    assert!(log.contains(&id), "{id} is not in the log:\n{log}");
}
