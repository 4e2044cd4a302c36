//! `POST /_matrix/client/v3/logout` and `/logout/all`

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use crate::client::text;
use crate::server::TestServer;

fn gone() -> Value {
    json!({"errcode": "M_UNKNOWN_TOKEN", "soft_logout": false})
}

#[tokio::test]
async fn logging_out_ends_this_login_and_no_other() {
    let server = TestServer::new();
    let phone = server.registered("alice").await;
    let desk = server.logged_in("alice", "DESK").await;
    let phone = text(&phone, "access_token");
    let desk = text(&desk, "access_token");
    let answer = server.post_as(phone, "/logout", &Value::Null).await;
    answer.gives(200, &json!({}));
    server.whoami(phone).await.refuses_with(401, &gone());
    let answer = server.get_as(desk, "/devices").await.body_of(200);
    assert_eq!(answer["devices"].as_array().unwrap().len(), 1);
    let answer = server.post_as(phone, "/logout", &Value::Null).await;
    answer.refuses_with(401, &gone());
}

#[tokio::test]
async fn logging_out_everywhere_ends_every_login_of_one_account() {
    let server = TestServer::new();
    let phone = server.registered("alice").await;
    let desk = server.logged_in("alice", "DESK").await;
    let bob = server.registered("bob").await;
    let token = text(&phone, "access_token");
    let answer = server.post_as(token, "/logout/all", &Value::Null).await;
    answer.gives(200, &json!({}));
    for login in [&phone, &desk] {
        let answer = server.whoami(text(login, "access_token")).await;
        answer.refuses_with(401, &gone());
    }
    server.whoami(text(&bob, "access_token")).await.body_of(200);
}

#[tokio::test]
async fn an_expired_token_and_any_body_are_good_enough_to_leave() {
    let server = TestServer::under(|it| {
        it.lifetimes.nonrefreshable_access = Some(Duration::from_secs(60));
    });
    for (path, body) in [
        ("logout", ""),
        ("logout", "not JSON"),
        ("logout/all", "[1]"),
    ] {
        for base in ["api/v1", "r0", "v3", "unstable"] {
            let name = format!("{}{}", base.replace('/', ""), body.len());
            let person = server.registered(&name).await;
            server.clock.advance(Duration::from_secs(61));
            let bearer = format!("Bearer {}", text(&person, "access_token"));
            let headers = [("authorization", bearer.as_str())];
            let path = format!("/_matrix/client/{base}/{path}");
            let answer = server.send(Method::POST, &path, &headers, body).await;
            answer.gives(200, &json!({}));
        }
    }
}

#[tokio::test]
async fn nobody_cannot_leave() {
    let server = TestServer::new();
    for path in ["/logout", "/logout/all"] {
        let answer = server.post(path, &json!({})).await;
        answer.refuses(401, "M_MISSING_TOKEN");
        let answer = server.post_as("syt_x", path, &json!({})).await;
        answer.refuses_with(401, &gone());
    }
}
