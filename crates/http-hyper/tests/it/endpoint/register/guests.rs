//! `POST /register?kind=guest`, and guests who become users.

use std::time::Duration;

use registrar_domain::model::id::Localpart;
use registrar_domain::model::token::AccessToken;
use registrar_testkit::SeededEntropy;
use serde_json::{Value, json};

use crate::client::{registration, text};
use crate::server::{Answer, TestServer};

async fn register_guest(server: &TestServer, body: &Value) -> Answer {
    server.post("/register?kind=guest", body).await
}

#[tokio::test]
async fn a_guest_gets_a_number_and_the_device_of_all_guests() {
    let server = TestServer::new();
    let body = json!({
        // None of this counts, whatever its type.
        "username": 1, "password": [], "device_id": "PHONE", "auth": 5, "refresh_token": "yes",
        "inhibit_login": true, "guest_access_token": {}, "type": "m.login.application_service",
        "initial_device_display_name": "My phone",
    });
    let answer = register_guest(&server, &body).await;
    answer.gives(
        200,
        &json!({
            "user_id": "@1:example.org",
            "home_server": "example.org",
            "access_token": "<access token>",
            "device_id": "guest_device",
        }),
    );
    let body = answer.json();
    let token = text(&body, "access_token");
    server.whoami(token).await.gives(
        200,
        &json!({
            "user_id": "@1:example.org",
            "is_guest": true,
            "device_id": "guest_device",
        }),
    );
    let device = server.get_as(token, "/devices/guest_device").await;
    assert_eq!(device.body_of(200)["display_name"], "My phone");
}

#[tokio::test]
async fn guests_live_as_long_as_the_operator_allows() {
    let server = TestServer::under(|it| {
        it.registration.enabled = false;
        it.lifetimes.session = Some(Duration::from_secs(60));
        it.lifetimes.nonrefreshable_access = Some(Duration::from_secs(30));
    });
    register_guest(&server, &json!({})).await.gives(
        200,
        &json!({
            "user_id": "@1:example.org",
            "home_server": "example.org",
            "access_token": "<access token>",
            "device_id": "guest_device",
            "expires_in_ms": 30_000,
        }),
    );
}

#[tokio::test]
async fn guests_are_refused_in_the_order_of_synapse() {
    let name = json!({"initial_device_display_name": "x".repeat(101)});
    let no_guests = TestServer::under(|it| it.registration.guests_allowed = false);
    let rows = [
        (&no_guests, name.clone(), 403, "M_UNKNOWN"),
        (&TestServer::new(), name, 400, "M_TOO_LARGE"),
        (
            &TestServer::new(),
            json!({"initial_device_display_name": 1}),
            400,
            "M_INVALID_PARAM",
        ),
    ];
    for (server, body, status, errcode) in rows {
        register_guest(server, &body).await.refuses(status, errcode);
    }
}

#[tokio::test]
async fn a_guest_becomes_the_user_of_the_same_name() {
    let server = TestServer::new();
    let guest = register_guest(&server, &json!({})).await.body_of(200);
    let token = text(&guest, "access_token");
    let body = registration("1", json!({"guest_access_token": token}));
    let user = server.post("/register", &body).await.body_of(200);
    assert_eq!(user["user_id"], "@1:example.org");
    let whoami = server.whoami(text(&user, "access_token")).await;
    assert_eq!(whoami.body_of(200)["is_guest"], false);
    server.whoami(token).await.refuses_with(
        401,
        &json!({"errcode": "M_UNKNOWN_TOKEN", "soft_logout": false}),
    );
}

#[tokio::test]
async fn a_guest_token_opens_no_other_name() {
    let server = TestServer::under(|it| {
        it.lifetimes.nonrefreshable_access = Some(Duration::from_secs(60));
    });
    let guest = register_guest(&server, &json!({})).await.body_of(200);
    let guest = text(&guest, "access_token");
    let alice = server.registered("alice").await;
    let alice = text(&alice, "access_token");
    let unknown = json!({"errcode": "M_UNKNOWN_TOKEN", "soft_logout": false});
    let expired = json!({"errcode": "M_UNKNOWN_TOKEN", "soft_logout": true});
    let forbidden = json!({"errcode": "M_FORBIDDEN"});
    let numeric = json!({"errcode": "M_INVALID_USERNAME"});
    let taken = json!({"errcode": "M_USER_IN_USE"});
    let fresh = [
        ("alice", json!(guest), 403, &forbidden),
        ("alice", json!(alice), 403, &forbidden),
        ("free", json!(guest), 403, &forbidden),
        ("77", json!(guest), 403, &forbidden),
        ("1", json!("syt_junk"), 401, &unknown),
        // An empty token counts as none, except that it says a number is meant.
        ("1", json!(""), 400, &taken),
        ("free", json!(""), 403, &forbidden),
        ("77", json!(""), 403, &forbidden),
        ("77", Value::Null, 400, &numeric),
    ];
    let check = async |(name, token, status, expected): (&str, Value, u16, &Value)| {
        let body = registration(name, json!({"guest_access_token": token}));
        let answer = server.post("/register", &body).await;
        answer.refuses_with(status, expected);
    };
    for row in fresh {
        check(row).await;
    }
    server.clock.advance(Duration::from_secs(60));
    check(("1", json!(guest), 401, &expired)).await;

    // None of it made an account.
    let free = server
        .get("/_matrix/client/v3/register/available?username=free")
        .await;
    free.gives(200, &json!({"available": true}));
}

#[tokio::test]
async fn a_token_that_nobody_issued_is_no_guest() {
    let server = TestServer::new();
    server.registered("alice").await;
    let alice = Localpart::read("alice").unwrap();
    let token = AccessToken::generate(&SeededEntropy::new(99), &alice);
    let others = json!({"guest_access_token": token.expose()});
    let body = registration("alice", others);
    server.post("/register", &body).await.refuses_with(
        401,
        &json!({"errcode": "M_UNKNOWN_TOKEN", "soft_logout": false}),
    );
}
