//! `GET /_matrix/client/v3/capabilities`

use serde_json::{Value, json};

use crate::client::text;
use crate::server::TestServer;

#[tokio::test]
async fn what_is_not_served_is_said_to_be_off() {
    let server = TestServer::new();
    let guest = server.post("/register?kind=guest", &json!({})).await;
    for person in [server.registered("alice").await, guest.json()] {
        let answer = server
            .get_as(text(&person, "access_token"), "/capabilities")
            .await;
        let off = json!({"enabled": false});
        answer.gives(
            200,
            &json!({"capabilities": {
                "m.change_password": off,
                "m.set_displayname": off,
                "m.set_avatar_url": off,
                "m.3pid_changes": off,
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
