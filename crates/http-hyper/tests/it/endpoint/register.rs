//! `POST /_matrix/client/v3/register`: what a success gives. See the folder for the rest.

mod available;
mod guests;
mod limits;
mod refusals;
mod request_token;
mod uia_session;

use serde_json::{Value, json};

use crate::client::{PASSWORD, login, registration, text};
use crate::server::TestServer;

#[tokio::test]
async fn one_request_registers_and_logs_in() {
    let server = TestServer::new();
    let body = registration("alice", json!({}));
    server.post("/register", &body).await.gives(
        200,
        &json!({
            "user_id": "@alice:example.org",
            "home_server": "example.org",
            "access_token": "<access token>",
            "device_id": "<device ID>",
        }),
    );
    let body = login("alice", json!({}));
    server.post("/login", &body).await.body_of(200);
}

#[tokio::test]
async fn names_are_lower_cased_and_numbers_are_given_to_those_without() {
    let server = TestServer::new();
    let rows = [
        (json!({"username": "ALICE"}), "@alice:example.org"),
        // The Kelvin sign: lower-casing comes before the check of the characters.
        (json!({"username": "\u{212a}arl"}), "@karl:example.org"),
        (
            json!({"username": "a.b_c=d-e/f+1"}),
            "@a.b_c=d-e/f+1:example.org",
        ),
    ];
    for (name, user_id) in rows {
        let body = registration("", name);
        let body = server.post("/register", &body).await.body_of(200);
        assert_eq!(body["user_id"], user_id);
    }
    for number in 1..3 {
        let body = json!({"password": PASSWORD, "auth": {"type": "m.login.dummy"}});
        let body = server.post("/register", &body).await.body_of(200);
        assert_eq!(body["user_id"], format!("@{number}:example.org"));
    }
}

#[tokio::test]
async fn a_refresh_token_comes_to_those_who_ask() {
    let refreshing = TestServer::new();
    let not_refreshing = TestServer::under(|it| it.lifetimes.refreshable_access = None);
    let rows = [
        (&refreshing, json!({"refresh_token": true}), true),
        (&refreshing, json!({"refresh_token": false}), false),
        (&refreshing, json!({}), false),
        (&not_refreshing, json!({"refresh_token": true}), false),
    ];
    for (index, (server, others, comes)) in rows.into_iter().enumerate() {
        let name = format!("user{index}");
        let mut expected = json!({
            "user_id": format!("@{name}:example.org"),
            "home_server": "example.org",
            "access_token": "<access token>",
            "device_id": "<device ID>",
        });
        if comes {
            expected["refresh_token"] = "<refresh token>".into();
            expected["expires_in_ms"] = 300_000.into();
        }
        let body = registration(&name, others);
        server.post("/register", &body).await.gives(200, &expected);
    }
}

#[tokio::test]
async fn a_lifetime_is_told_in_milliseconds() {
    let server = TestServer::under(|it| {
        it.lifetimes.nonrefreshable_access = Some(std::time::Duration::from_secs(60));
    });
    let body = server.registered("alice").await;
    assert_eq!(body["expires_in_ms"], 60_000);
}

#[tokio::test]
async fn whatever_counts_as_true_inhibits_the_login() {
    let server = TestServer::new();
    let rows = [json!(true), json!(1), json!("false"), json!([0])];
    for (index, inhibit_login) in rows.into_iter().enumerate() {
        let body = registration(
            &format!("user{index}"),
            json!({"inhibit_login": inhibit_login, "device_id": "PHONE"}),
        );
        server.post("/register", &body).await.gives(
            200,
            &json!({
                "user_id": format!("@user{index}:example.org"),
                "home_server": "example.org",
            }),
        );
    }
    for (index, inhibit_login) in [json!(false), json!(0), json!(""), Value::Null]
        .into_iter()
        .enumerate()
    {
        let others = json!({"inhibit_login": inhibit_login});
        let body = registration(&format!("other{index}"), others);
        let body = server.post("/register", &body).await.body_of(200);
        text(&body, "access_token");
    }
}

#[tokio::test]
async fn the_device_is_as_the_client_says() {
    let server = TestServer::new();
    let rows = [
        (json!("PHONE"), "PHONE"),
        (json!(""), ""),
        (json!("Телефон/1"), "Телефон/1"),
    ];
    for (index, (device_id, expected)) in rows.into_iter().enumerate() {
        let others = json!({
            "device_id": device_id,
            "initial_device_display_name": "My phone",
        });
        let body = registration(&format!("user{index}"), others);
        let body = server.post("/register", &body).await.body_of(200);
        assert_eq!(body["device_id"], expected);
        let devices = server.get_as(text(&body, "access_token"), "/devices").await;
        let devices = devices.body_of(200);
        assert_eq!(devices["devices"][0]["device_id"], expected);
        assert_eq!(devices["devices"][0]["display_name"], "My phone");
    }
}

#[tokio::test]
async fn a_repeated_final_request_gives_new_tokens_of_the_same_device() {
    let server = TestServer::new();
    let body = json!({"username": "alice", "password": PASSWORD});
    let prompt = server.post("/register", &body).await.body_of(401);
    let body = json!({"auth": {"type": "m.login.dummy", "session": prompt["session"]}});
    let first = server.post("/register", &body).await.body_of(200);
    let second = server.post("/register", &body).await;
    second.gives(
        200,
        &json!({
            "user_id": "@alice:example.org",
            "home_server": "example.org",
            "access_token": "<access token>",
            "device_id": "<device ID>",
        }),
    );
    let second = second.json();
    assert_eq!(second["device_id"], first["device_id"]);
    let replaced = server.whoami(text(&first, "access_token")).await;
    replaced.refuses_with(
        401,
        &json!({"errcode": "M_UNKNOWN_TOKEN", "soft_logout": false}),
    );
    server
        .whoami(text(&second, "access_token"))
        .await
        .body_of(200);

    let renamed = json!({
        "username": "bob",
        "auth": {"type": "m.login.dummy", "session": prompt["session"]},
    });
    server
        .post("/register", &renamed)
        .await
        .refuses(400, "M_UNKNOWN");
}
