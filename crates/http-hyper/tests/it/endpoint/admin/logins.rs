//! `/_synapse/admin/v2/users/{userId}/devices`, `/delete_devices` and `/v1/users/{userId}/login`

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use super::Office;
use crate::client::{text, with};

const LOGIN: &str = "v1/users/@alice:example.org/login";
const DEVICES: &str = "v2/users/@alice:example.org/devices";
const DELETE: &str = "v2/users/@alice:example.org/delete_devices";

fn device(device_id: &str) -> Value {
    json!({
        "device_id": device_id,
        "last_seen_ip": null,
        "last_seen_ts": 1_700_000_000_000_i64,
        "last_seen_user_agent": null,
        "user_id": "@alice:example.org",
    })
}

fn gone() -> Value {
    json!({"errcode": "M_UNKNOWN_TOKEN", "soft_logout": false})
}

#[tokio::test]
async fn devices_are_seen_and_taken_away() {
    let office = Office::open().await;
    let phone = office.server.registered("alice").await;
    for device_id in ["A", "B", "a/b"] {
        office.server.logged_in("alice", device_id).await;
    }
    let listed = |ids: &[&str]| {
        let devices: Vec<_> = ids.iter().map(|id| device(id)).collect();
        json!({"devices": devices, "total": ids.len()})
    };
    let answer = office.get(DEVICES).await;
    answer.gives(200, &listed(&["A", "B", "PHONE", "a/b"]));
    let path = format!("{DEVICES}/a%2Fb");
    office.get(&path).await.gives(200, &device("a/b"));
    for unknown in ["NOSUCH", "", "%00"] {
        let answer = office.get(&format!("{DEVICES}/{unknown}")).await;
        answer.refuses(404, "M_NOT_FOUND");
        let path = format!("{DEVICES}/{unknown}");
        let answer = office.call(Method::DELETE, &path, &Value::Null).await;
        answer.gives(200, &json!({}));
    }
    let answer = office.call(Method::DELETE, &path, &Value::Null).await;
    answer.gives(200, &json!({}));
    let body = json!({"devices": ["PHONE", "NOSUCH", "B", "\u{0}"]});
    office.post(DELETE, &body).await.gives(200, &json!({}));
    office.get(DEVICES).await.gives(200, &listed(&["A"]));
    let answer = office.server.whoami(text(&phone, "access_token")).await;
    answer.refuses_with(401, &gone());
    // The administrator's own device has the same name and is still there.
    office.server.whoami(&office.token).await.body_of(200);
}

#[tokio::test]
async fn a_device_is_shown_with_what_it_was_last_seen_with() {
    let office = Office::open().await;
    let phone = office.server.registered("alice").await;
    let token = format!("Bearer {}", text(&phone, "access_token"));
    office.server.clock.advance(Duration::from_secs(121));
    let headers = [("authorization", token.as_str()), ("user-agent", "Elm/1.0")];
    let whoami = "/_matrix/client/v3/account/whoami";
    let answer = office.server.send(Method::GET, whoami, &headers, "").await;
    answer.body_of(200);
    let expected = with(
        device("PHONE"),
        json!({
            "last_seen_ts": 1_700_000_121_000_i64,
            "last_seen_user_agent": "Elm/1.0",
        }),
    );
    let listed = json!({"devices": [expected], "total": 1});
    office.get(DEVICES).await.gives(200, &listed);
    let path = format!("{DEVICES}/PHONE");
    office.get(&path).await.gives(200, &expected);
    // Its owner knows what they use.
    let token = text(&phone, "access_token");
    let own = office.server.get_as(token, "/devices/PHONE").await;
    assert!(own.body_of(200).get("last_seen_user_agent").is_none());
}

#[tokio::test]
async fn an_administrator_renames_a_device() {
    let office = Office::open().await;
    office.server.registered("alice").await;
    let path = format!("{DEVICES}/PHONE");
    let named = json!({"display_name": "Alice's phone"});
    office.put(&path, &named).await.gives(200, &json!({}));
    let expected = with(device("PHONE"), named);
    office.get(&path).await.gives(200, &expected);
    let long = "x".repeat(101);
    let rows = [
        (json!({"display_name": long}), 400, "M_TOO_LARGE"),
        (json!({"display_name": 1}), 400, "M_INVALID_PARAM"),
        (json!({"display_name": null}), 200, ""),
        (json!({}), 200, ""),
        (Value::Null, 200, ""),
    ];
    for (body, status, errcode) in rows {
        let answer = office.put(&path, &body).await;
        if status == 200 {
            answer.gives(200, &json!({}));
        } else {
            answer.refuses(status, errcode);
        }
        office.get(&path).await.gives(200, &expected);
    }
    for unknown in ["NOSUCH", "", "%00"] {
        let path = format!("{DEVICES}/{unknown}");
        for body in [json!({"display_name": "x"}), json!({})] {
            office.put(&path, &body).await.refuses(404, "M_NOT_FOUND");
        }
    }
    // The empty name is none.
    let unnamed = json!({"display_name": ""});
    office.put(&path, &unnamed).await.gives(200, &json!({}));
    office.get(&path).await.gives(200, &device("PHONE"));
}

#[tokio::test]
async fn what_takes_no_device_away() {
    let office = Office::open().await;
    let phone = office.server.registered("alice").await;
    let many: Vec<_> = (0..10_001).map(|number| number.to_string()).collect();
    let rows = [
        (json!({}), "M_MISSING_PARAM"),
        (json!({"devices": null}), "M_INVALID_PARAM"),
        (json!({"devices": "PHONE"}), "M_INVALID_PARAM"),
        (json!({"devices": ["PHONE", 1]}), "M_INVALID_PARAM"),
        (json!({"devices": many}), "M_INVALID_PARAM"),
        (Value::Null, "M_NOT_JSON"),
    ];
    for (body, errcode) in rows {
        office.post(DELETE, &body).await.refuses(400, errcode);
    }
    let answer = office.server.whoami(text(&phone, "access_token")).await;
    answer.body_of(200);
}

#[tokio::test]
async fn an_administrator_logs_in_as_somebody() {
    let office = Office::open().await;
    office.server.registered("alice").await;
    let answer = office.post(LOGIN, &Value::Null).await;
    answer.gives(200, &json!({"access_token": "<access token>"}));
    let for_ever = answer.json();
    let whoami = async |tokens: &Value| office.server.whoami(text(tokens, "access_token")).await;
    let expected = json!({"user_id": "@alice:example.org", "is_guest": false});
    whoami(&for_ever).await.gives(200, &expected);
    let body = json!({"valid_until_ms": 1_700_000_001_000_i64});
    let short = office.post(LOGIN, &body).await.body_of(200);
    whoami(&short).await.gives(200, &expected);
    office.server.clock.advance(Duration::from_secs(1));
    let expired = json!({"errcode": "M_UNKNOWN_TOKEN", "soft_logout": true});
    whoami(&short).await.refuses_with(401, &expired);
    whoami(&for_ever).await.gives(200, &expected);
    // It is no device, and logging it out ends nothing else.
    let answer = office.get(DEVICES).await.body_of(200);
    assert_eq!(answer["total"], 1);
    let token = text(&for_ever, "access_token");
    let answer = office.server.post_as(token, "/logout", &json!({})).await;
    answer.body_of(200);
    whoami(&for_ever).await.refuses_with(401, &gone());
    assert_eq!(office.get(DEVICES).await.body_of(200)["total"], 1);
}

#[tokio::test]
async fn what_logs_an_administrator_in_as_nobody() {
    let office = Office::open().await;
    office.server.registered("alice").await;
    for value in [json!("soon"), json!(1.5), json!(true), json!([])] {
        let body = json!({"valid_until_ms": value});
        office.post(LOGIN, &body).await.refuses(400, "M_UNKNOWN");
    }
    let own = "v1/users/@root:example.org/login";
    office.post(own, &json!({})).await.refuses(400, "M_UNKNOWN");
    let deactivate = "v1/deactivate/@alice:example.org";
    office.post(deactivate, &json!({})).await.body_of(200);
    let answer = office.post(LOGIN, &json!({})).await;
    answer.refuses(400, "M_USER_DEACTIVATED");
}

/// Another administrator, by a session that root does not have.
async fn administrator(office: &Office, name: &str) -> String {
    let account = office.server.registered(name).await;
    office.server.store.promote(name);
    text(&account, "access_token").to_owned()
}

/// A token by which this administrator speaks for the user.
async fn speaking(office: &Office, token: &str, user: &str) -> String {
    let path = format!("/_synapse/admin/v1/users/@{user}:example.org/login");
    let answer = office
        .server
        .call_at(Method::POST, &path, Some(token), &json!({}))
        .await;
    text(&answer.body_of(200), "access_token").to_owned()
}

/// Rows: what happens after the administrator eve has logged in as alice, and whether eve's token still
/// works; root's, which is alive all the time, works in any case.
#[tokio::test]
async fn a_token_that_speaks_for_somebody_belongs_to_the_administrator_who_made_it() {
    let rows = [
        ("eve logs out of this session", true),
        ("eve logs out of all sessions", false),
        ("eve is deactivated", false),
        ("eve is no administrator any longer", false),
        (
            "eve is no administrator any longer, by her user object",
            false,
        ),
        ("root sets eve's password", false),
        ("root sets eve's password and keeps her logins", true),
        ("alice logs out of all sessions", true),
        ("root sets alice's password", true),
        (
            "eve speaks for alice and logs out of all her sessions",
            true,
        ),
    ];
    for (event, works) in rows {
        let office = Office::open().await;
        let server = &office.server;
        let alice = server.registered("alice").await;
        let eve = administrator(&office, "eve").await;
        let roots = speaking(&office, &office.token, "alice").await;
        let eves = speaking(&office, &eve, "alice").await;
        let log_out = async |token: &str, path: &str| {
            server.post_as(token, path, &json!({})).await.body_of(200);
        };
        let reset = async |user: &str, keep: bool| {
            let path = format!("v1/reset_password/@{user}:example.org");
            let body = json!({"new_password": "another", "logout_devices": !keep});
            office.post(&path, &body).await.body_of(200);
        };
        match event {
            "eve logs out of this session" => log_out(&eve, "/logout").await,
            "eve logs out of all sessions" => log_out(&eve, "/logout/all").await,
            "eve is deactivated" => {
                let path = "v1/deactivate/@eve:example.org";
                office.post(path, &json!({})).await.body_of(200);
            }
            "eve is no administrator any longer" => {
                let path = "v1/users/@eve:example.org/admin";
                office
                    .put(path, &json!({"admin": false}))
                    .await
                    .body_of(200);
            }
            "eve is no administrator any longer, by her user object" => {
                let path = "v2/users/@eve:example.org";
                office
                    .put(path, &json!({"admin": false}))
                    .await
                    .body_of(200);
            }
            "root sets eve's password" => reset("eve", false).await,
            "root sets eve's password and keeps her logins" => reset("eve", true).await,
            "alice logs out of all sessions" => {
                log_out(text(&alice, "access_token"), "/logout/all").await;
            }
            "root sets alice's password" => reset("alice", false).await,
            "eve speaks for alice and logs out of all her sessions" => {
                log_out(&eves, "/logout/all").await;
            }
            other => panic!("{other}"),
        }
        assert_eq!(server.whoami(&eves).await.status == 200, works, "{event}");
        server.whoami(&roots).await.body_of(200);
    }
}

/// Otherwise somebody who speaks for an administrator could make tokens that outlive their own.
#[tokio::test]
async fn what_an_administrator_makes_by_speaking_for_another_is_their_own() {
    let office = Office::open().await;
    office.server.registered("alice").await;
    let eve = administrator(&office, "eve").await;
    let as_root = speaking(&office, &eve, "root").await;
    let as_alice = speaking(&office, &as_root, "alice").await;
    office.server.whoami(&as_alice).await.body_of(200);
    let path = "v1/deactivate/@eve:example.org";
    office.post(path, &json!({})).await.body_of(200);
    for token in [&as_root, &as_alice] {
        office.server.whoami(token).await.refuses_with(401, &gone());
    }
}

#[tokio::test]
async fn tokens_that_speak_for_a_deactivated_account_do_not_come_back_with_it() {
    let office = Office::open().await;
    office.server.registered("alice").await;
    let token = speaking(&office, &office.token, "alice").await;
    let path = "v1/deactivate/@alice:example.org";
    office.post(path, &json!({})).await.body_of(200);
    let path = "v2/users/@alice:example.org";
    let body = json!({"deactivated": false, "password": "again"});
    office.put(path, &body).await.body_of(200);
    office
        .server
        .whoami(&token)
        .await
        .refuses_with(401, &gone());
}
