//! `GET /_matrix/client/v3/capabilities`

use serde_json::{Value, json};

use crate::client::text;
use crate::server::TestServer;

#[tokio::test]
async fn what_is_served_is_on_and_the_rest_is_off() {
    let server = TestServer::new();
    let guest = server.post("/register?kind=guest", &json!({})).await;
    for person in [server.registered("alice").await, guest.json()] {
        let answer = server
            .get_as(text(&person, "access_token"), "/capabilities")
            .await;
        let on = json!({"enabled": true});
        let off = json!({"enabled": false});
        answer.gives(
            200,
            &json!({"capabilities": {
                "m.change_password": on,
                "m.set_displayname": off,
                "m.set_avatar_url": off,
                "m.3pid_changes": on,
                "m.get_login_token": off,
            }}),
        );
    }
}

#[tokio::test]
async fn capabilities_are_for_those_with_a_token() {
    let server = TestServer::new();
    let answer = server
        .call(http::Method::GET, "/capabilities", None, &Value::Null)
        .await;
    answer.refuses(401, "M_MISSING_TOKEN");
    let answer = server.get_as("syt_x", "/capabilities").await;
    answer.refuses_with(
        401,
        &json!({"errcode": "M_UNKNOWN_TOKEN", "soft_logout": false}),
    );
}

#[tokio::test]
async fn what_the_operator_has_switched_off_is_off() {
    for (passwords, addresses) in [(true, false), (false, true), (false, false)] {
        let server = TestServer::under(|it| {
            it.password.reauth_enabled = passwords;
            it.threepids.changes_allowed = addresses;
        });
        let alice = server.registered("alice").await;
        let token = text(&alice, "access_token");
        let body = server.get_as(token, "/capabilities").await.body_of(200);
        let enabled = |name: &str| body["capabilities"][name]["enabled"].as_bool();
        assert_eq!(enabled("m.change_password"), Some(passwords));
        assert_eq!(enabled("m.3pid_changes"), Some(addresses));
    }
}
