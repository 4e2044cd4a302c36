//! `/_matrix/client/v3/devices`, `/devices/{deviceId}` and `/delete_devices`

use std::time::Duration;

use http::Method;
use registrar_domain::model::limit::Rate;
use serde_json::{Value, json};

use crate::client::{PASSWORD, login, text};
use crate::server::TestServer;

/// `auth` with the password stage.
fn password(session: &Value, user: &str, password: &str) -> Value {
    json!({
        "type": "m.login.password",
        "identifier": {"type": "m.id.user", "user": user},
        "password": password,
        "session": session,
    })
}

fn phone() -> Value {
    json!({
        "device_id": "PHONE",
        "last_seen_ip": null,
        "last_seen_ts": 1_700_000_000_000_i64,
        "user_id": "@alice:example.org",
    })
}

#[tokio::test]
async fn devices_are_shown_to_their_owner() {
    let server = TestServer::new();
    server.registered("bob").await;
    let alice = server.registered("alice").await;
    let token = text(&alice, "access_token");
    server.clock.advance(Duration::from_secs(1));
    let body = login(
        "alice",
        json!({"device_id": "a/b", "initial_device_display_name": "My desk"}),
    );
    let headers = [("x-forwarded-for", "192.0.2.7")];
    let path = "/_matrix/client/v3/login";
    let answer = server
        .send(Method::POST, path, &headers, body.to_string())
        .await;
    answer.body_of(200);
    let desk = json!({
        "device_id": "a/b",
        "display_name": "My desk",
        "last_seen_ip": "192.0.2.7",
        "last_seen_ts": 1_700_000_001_000_i64,
        "user_id": "@alice:example.org",
    });
    let answer = server.get_as(token, "/devices/a%2Fb").await;
    answer.gives(200, &desk);
    let answer = server.get_as(token, "/devices").await.body_of(200);
    let devices = answer["devices"].as_array().unwrap();
    let mut expected = phone();
    // This very request was seen.
    expected["last_seen_ts"] = 1_700_000_001_000_i64.into();
    assert_eq!(*devices, [expected, desk]);
}

#[tokio::test]
async fn devices_are_renamed_within_limits() {
    let server = TestServer::new();
    let alice = server.registered("alice").await;
    let token = text(&alice, "access_token");
    let put =
        async |path: &str, body: Value| server.call(Method::PUT, path, Some(token), &body).await;
    let named = json!({"display_name": "My phone"});
    put("/devices/PHONE", named.clone())
        .await
        .gives(200, &json!({}));
    let rows = [
        (json!({}), 200, ""),
        (json!({"display_name": null}), 200, ""),
        (json!({"display_name": "x".repeat(101)}), 400, "M_TOO_LARGE"),
        (json!({"display_name": 1}), 400, "M_INVALID_PARAM"),
        (json!({"display_name": "a\u{0}b"}), 400, "M_INVALID_PARAM"),
        (Value::Null, 400, "M_NOT_JSON"),
        (json!([]), 400, "M_BAD_JSON"),
    ];
    for (body, status, errcode) in rows {
        let answer = put("/devices/PHONE", body).await;
        if status == 200 {
            answer.gives(200, &json!({}));
        } else {
            answer.refuses(status, errcode);
        }
    }
    let device = server.get_as(token, "/devices/PHONE").await.body_of(200);
    assert_eq!(device["display_name"], "My phone");
    put("/devices/DESK", named)
        .await
        .refuses(404, "M_NOT_FOUND");
}

#[tokio::test]
async fn unknown_devices_are_not_found() {
    let server = TestServer::new();
    let alice = server.registered("alice").await;
    server.registered("bob").await;
    server.logged_in("bob", "DESK").await;
    let long = "x".repeat(513);
    for device_id in ["DESK", "", "%00", "%FF", &long] {
        let path = format!("/devices/{device_id}");
        let answer = server.get_as(text(&alice, "access_token"), &path).await;
        answer.refuses(404, "M_NOT_FOUND");
    }
}

#[tokio::test]
async fn everything_about_devices_needs_a_token() {
    let server = TestServer::new();
    let unknown = json!({"errcode": "M_UNKNOWN_TOKEN", "soft_logout": false});
    for (method, path) in [
        (Method::GET, "/devices"),
        (Method::GET, "/devices/PHONE"),
        (Method::PUT, "/devices/PHONE"),
        (Method::DELETE, "/devices/PHONE"),
        (Method::POST, "/delete_devices"),
    ] {
        let answer = server.call(method.clone(), path, None, &Value::Null).await;
        answer.refuses(401, "M_MISSING_TOKEN");
        let answer = server.call(method, path, Some("syt_x"), &Value::Null).await;
        answer.refuses_with(401, &unknown);
    }
}

#[tokio::test]
async fn guests_see_their_device_and_cannot_remove_it() {
    let server = TestServer::new();
    let guest = server.post("/register?kind=guest", &json!({})).await.json();
    let token = text(&guest, "access_token");
    server.get_as(token, "/devices").await.body_of(200);
    for (method, path) in [
        (Method::DELETE, "/devices/guest_device"),
        (Method::POST, "/delete_devices"),
    ] {
        let answer = server.call(method, path, Some(token), &json!({})).await;
        answer.refuses(403, "M_GUEST_ACCESS_FORBIDDEN");
    }
}

#[tokio::test]
async fn removing_a_device_takes_the_password() {
    let server = TestServer::new();
    let alice = server.registered("alice").await;
    let desk = server.logged_in("alice", "DESK").await;
    let token = text(&alice, "access_token");
    let delete = async |body: Value| {
        server
            .call(Method::DELETE, "/devices/DESK", Some(token), &body)
            .await
    };
    let mut prompt = json!({
        "session": "<session>",
        "flows": [{"stages": ["m.login.password"]}],
        "params": {},
    });
    let answer = delete(Value::Null).await;
    answer.gives(401, &prompt);
    let session = answer.json()["session"].clone();

    // A wrong password is told inside of the next prompt.
    let answer = delete(json!({"auth": password(&session, "alice", "wrong")})).await;
    prompt["completed"] = json!([]);
    prompt["errcode"] = "M_FORBIDDEN".into();
    prompt["error"] = answer.json()["error"].clone();
    answer.gives(401, &prompt);
    assert!(!text(&prompt, "error").is_empty());
    let answer = delete(json!({"auth": password(&session, "nobody", PASSWORD)})).await;
    answer.gives(401, &prompt);

    let answer = delete(json!({"auth": password(&session, "alice", PASSWORD)})).await;
    answer.gives(200, &json!({}));
    server
        .whoami(text(&desk, "access_token"))
        .await
        .refuses_with(
            401,
            &json!({"errcode": "M_UNKNOWN_TOKEN", "soft_logout": false}),
        );
    server.whoami(token).await.body_of(200);
}

#[tokio::test]
async fn several_devices_are_removed_at_once() {
    let server = TestServer::new();
    let alice = server.registered("alice").await;
    let token = text(&alice, "access_token");
    for device_id in ["A", "B", "C"] {
        server.logged_in("alice", device_id).await;
    }
    let body = json!({"devices": ["A", "B", "NOSUCH"]});
    let answer = server.post_as(token, "/delete_devices", &body).await;
    let session = answer.body_of(401)["session"].clone();
    // The devices were named in the first request.
    let body = json!({"auth": password(&session, "@alice:example.org", PASSWORD)});
    let answer = server.post_as(token, "/delete_devices", &body).await;
    answer.gives(200, &json!({}));
    let answer = server.get_as(token, "/devices").await.body_of(200);
    let ids: Vec<_> = answer["devices"].as_array().unwrap().iter().collect();
    let ids: Vec<_> = ids.iter().map(|it| text(it, "device_id")).collect();
    assert_eq!(ids, ["C", "PHONE"]);
}

#[tokio::test]
async fn the_uia_session_is_for_one_person_and_one_device() {
    let server = TestServer::new();
    let alice = server.registered("alice").await;
    let bob = server.registered("bob").await;
    server.logged_in("alice", "DESK").await;
    let (alice, bob) = (text(&alice, "access_token"), text(&bob, "access_token"));
    let prompt = server
        .call(Method::DELETE, "/devices/DESK", Some(alice), &Value::Null)
        .await;
    let session = prompt.body_of(401)["session"].clone();
    let rows = [
        (
            alice,
            "/devices/DESK",
            password(&session, "bob", PASSWORD),
            403,
            "M_FORBIDDEN",
        ),
        (
            bob,
            "/devices/DESK",
            password(&session, "bob", PASSWORD),
            403,
            "M_FORBIDDEN",
        ),
        (
            alice,
            "/devices/PHONE",
            password(&session, "alice", PASSWORD),
            403,
            "M_UNKNOWN",
        ),
        (
            alice,
            "/devices/DESK",
            json!({"session": "nosuch"}),
            400,
            "M_UNKNOWN",
        ),
        (
            alice,
            "/devices/DESK",
            json!({"type": "m.login.dummy", "session": session}),
            400,
            "M_INVALID_PARAM",
        ),
        (
            alice,
            "/devices/DESK",
            json!({"type": "m.login.password", "session": session}),
            400,
            "M_INVALID_PARAM",
        ),
        (alice, "/devices/DESK", json!("x"), 400, "M_BAD_JSON"),
    ];
    for (token, path, auth, status, errcode) in rows {
        let body = json!({"auth": auth});
        let answer = server.call(Method::DELETE, path, Some(token), &body).await;
        answer.refuses(status, errcode);
    }
    server.get_as(alice, "/devices/DESK").await.body_of(200);
}

#[tokio::test]
async fn a_body_that_is_not_json_counts_as_none() {
    let server = TestServer::new();
    let alice = server.registered("alice").await;
    let bearer = format!("Bearer {}", text(&alice, "access_token"));
    let headers = [("authorization", bearer.as_str())];
    let device = "/_matrix/client/v3/devices/PHONE";
    let several = "/_matrix/client/v3/delete_devices";
    for body in ["", "x", "{\"auth\":"] {
        let answer = server.send(Method::DELETE, device, &headers, body).await;
        answer.body_of(401);
        let answer = server.send(Method::POST, several, &headers, body).await;
        answer.refuses(400, "M_MISSING_PARAM");
    }
    let answer = server.send(Method::DELETE, device, &headers, "[]").await;
    answer.refuses(400, "M_BAD_JSON");
}

#[tokio::test]
async fn devices_must_be_a_list_of_names() {
    let server = TestServer::new();
    let alice = server.registered("alice").await;
    let token = text(&alice, "access_token");
    for (devices, errcode) in [
        (Value::Null, "M_MISSING_PARAM"),
        (json!("PHONE"), "M_INVALID_PARAM"),
        (json!(["PHONE", 1]), "M_INVALID_PARAM"),
        (json!({}), "M_INVALID_PARAM"),
    ] {
        let body = json!({"devices": devices});
        let answer = server.post_as(token, "/delete_devices", &body).await;
        answer.refuses(400, errcode);
    }
}

#[tokio::test]
async fn wrong_passwords_are_limited_here_too() {
    let server = TestServer::under(|it| {
        it.rates.login_failed_attempts = Rate {
            per_second: 0.1,
            burst_count: 1.0,
        };
    });
    let alice = server.registered("alice").await;
    let token = text(&alice, "access_token");
    let try_it = async || {
        let body = json!({"auth": password(&Value::Null, "alice", "wrong")});
        server
            .call(Method::DELETE, "/devices/PHONE", Some(token), &body)
            .await
    };
    try_it().await.body_of(401);
    try_it().await.refuses_with(
        429,
        &json!({"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 10_000}),
    );
}

#[tokio::test]
async fn within_the_session_timeout_nobody_is_asked() {
    let server = TestServer::under(|it| it.ui_auth_session_timeout = Duration::from_secs(60));
    let alice = server.registered("alice").await;
    server.logged_in("alice", "DESK").await;
    let token = text(&alice, "access_token");
    let body = json!({"devices": ["DESK"]});
    let answer = server.post_as(token, "/delete_devices", &body).await;
    answer.gives(200, &json!({}));
    server.clock.advance(Duration::from_secs(60));
    let answer = server.post_as(token, "/delete_devices", &body).await;
    answer.body_of(401);
}

#[tokio::test]
async fn devices_live_under_three_versions() {
    let server = TestServer::new();
    let alice = server.registered("alice").await;
    let bearer = format!("Bearer {}", text(&alice, "access_token"));
    let headers = [("authorization", bearer.as_str())];
    for base in ["r0", "v3", "unstable"] {
        for (method, path, status) in [
            (Method::GET, "devices", 200),
            (Method::GET, "devices/PHONE", 200),
            (Method::PUT, "devices/PHONE", 200),
            (Method::DELETE, "devices/PHONE", 401),
            (Method::POST, "delete_devices", 400),
        ] {
            let path = format!("/_matrix/client/{base}/{path}");
            let answer = server.send(method, &path, &headers, "{}").await;
            answer.body_of(status);
        }
    }
}
