//! `POST /_matrix/client/v3/refresh`

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use crate::client::{registration, text};
use crate::server::{Answer, TestServer};

/// Registers somebody who refreshes. The body of the answer.
async fn refreshing(server: &TestServer, username: &str) -> Value {
    let body = registration(username, json!({"refresh_token": true}));
    server.post("/register", &body).await.body_of(200)
}

async fn refresh(server: &TestServer, token: &Value) -> Answer {
    let body = json!({"refresh_token": token["refresh_token"]});
    server.post("/refresh", &body).await
}

#[tokio::test]
async fn a_refresh_token_is_exchanged_under_every_path_it_ever_had() {
    let server = TestServer::new();
    let mut tokens = refreshing(&server, "alice").await;
    for base in ["v1", "r0", "v3", "unstable"] {
        let path = format!("/_matrix/client/{base}/refresh");
        let body = json!({"refresh_token": tokens["refresh_token"]}).to_string();
        // Some clients send the stale access token along, and some send nonsense.
        let headers = [("authorization", "Bearer syt_stale")];
        let answer = server.send(Method::POST, &path, &headers, body).await;
        answer.gives(
            200,
            &json!({
                "access_token": "<access token>",
                "refresh_token": "<refresh token>",
                "expires_in_ms": 300_000,
            }),
        );
        let new = answer.json();
        assert_ne!(new["refresh_token"], tokens["refresh_token"]);
        server.whoami(text(&new, "access_token")).await.body_of(200);
        tokens = new;
    }
}

#[tokio::test]
async fn an_exchanged_token_is_good_until_its_successor_is_used() {
    let server = TestServer::new();
    let first = refreshing(&server, "alice").await;
    let lost = refresh(&server, &first).await.body_of(200);
    let second = refresh(&server, &first).await.body_of(200);
    // What was replaced never worked.
    server
        .whoami(text(&lost, "access_token"))
        .await
        .refuses_with(
            401,
            &json!({"errcode": "M_UNKNOWN_TOKEN", "soft_logout": false}),
        );
    refresh(&server, &lost)
        .await
        .refuses(401, "M_UNKNOWN_TOKEN");

    server
        .whoami(text(&second, "access_token"))
        .await
        .body_of(200);
    let third = refresh(&server, &second).await.body_of(200);
    refresh(&server, &third).await.body_of(200);
}

/// Rows: how often the refresh token is exchanged, and what is answered when the first one comes again.
#[tokio::test]
async fn a_used_refresh_token_that_comes_again_ends_its_login() {
    for (exchanges, status, errcode) in [
        (1, 403, "M_FORBIDDEN"),
        (2, 401, "M_UNKNOWN_TOKEN"),
        (4, 401, "M_UNKNOWN_TOKEN"),
    ] {
        let server = TestServer::new();
        let first = refreshing(&server, "alice").await;
        let other = server.logged_in("alice", "OTHER").await;
        let mut last = first.clone();
        for _ in 0..exchanges {
            last = refresh(&server, &last).await.body_of(200);
            server
                .whoami(text(&last, "access_token"))
                .await
                .body_of(200);
        }
        refresh(&server, &first).await.refuses(status, errcode);
        let gone = json!({"errcode": "M_UNKNOWN_TOKEN", "soft_logout": false});
        let answer = server.whoami(text(&last, "access_token")).await;
        answer.refuses_with(401, &gone);
        for ended in [&last, &first] {
            let answer = refresh(&server, ended).await;
            answer.refuses(401, "M_UNKNOWN_TOKEN");
        }
        server
            .whoami(text(&other, "access_token"))
            .await
            .body_of(200);
    }
}

#[tokio::test]
async fn tokens_end_with_their_lifetime_and_with_the_session() {
    let rows = [
        (Some(60), None, 300_000, 60),
        (None, Some(60), 60_000, 60),
        (Some(90), Some(60), 60_000, 60),
    ];
    for (refresh_s, session_s, expires_in_ms, end_s) in rows {
        let server = TestServer::under(|it| {
            it.lifetimes.refresh = refresh_s.map(Duration::from_secs);
            it.lifetimes.session = session_s.map(Duration::from_secs);
        });
        let tokens = refreshing(&server, "alice").await;
        assert_eq!(tokens["expires_in_ms"], expires_in_ms);
        server
            .clock
            .advance(Duration::from_millis(end_s * 1000 + 1));
        refresh(&server, &tokens).await.refuses(403, "M_FORBIDDEN");
    }
}

#[tokio::test]
async fn what_is_no_refresh_token_is_refused() {
    let server = TestServer::new();
    let alice = refreshing(&server, "alice").await;
    let path = "/_matrix/client/v3/refresh";
    for (body, status, errcode) in [
        ("", 400, "M_NOT_JSON"),
        ("[]", 400, "M_BAD_JSON"),
        ("{}", 400, "M_MISSING_PARAM"),
        ("{\"refresh_token\":null}", 400, "M_INVALID_PARAM"),
        ("{\"refresh_token\":1}", 400, "M_INVALID_PARAM"),
        ("{\"refresh_token\":\"\"}", 401, "M_UNKNOWN_TOKEN"),
        ("{\"refresh_token\":\"syr_x\"}", 401, "M_UNKNOWN_TOKEN"),
    ] {
        let answer = server.send(Method::POST, path, &[], body).await;
        answer.refuses(status, errcode);
    }
    let access_token = json!({"refresh_token": alice["access_token"]});
    let answer = server.post("/refresh", &access_token).await;
    answer.refuses(401, "M_UNKNOWN_TOKEN");
}

#[tokio::test]
async fn where_refreshing_is_off_there_is_no_such_endpoint() {
    let server = TestServer::under(|it| it.lifetimes.refreshable_access = None);
    for body in ["{\"refresh_token\":\"x\"}", "{\"refresh_token\":1}", "{}"] {
        let path = "/_matrix/client/v3/refresh";
        let answer = server.send(Method::POST, path, &[], body).await;
        answer.refuses(404, "M_UNRECOGNIZED");
    }
}

#[tokio::test]
async fn a_logout_ends_the_refresh_token_too() {
    let server = TestServer::new();
    let alice = refreshing(&server, "alice").await;
    let token = text(&alice, "access_token");
    server
        .post_as(token, "/logout", &json!({}))
        .await
        .body_of(200);
    refresh(&server, &alice)
        .await
        .refuses(401, "M_UNKNOWN_TOKEN");
}
