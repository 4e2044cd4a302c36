//! `GET /_matrix/client/v3/account/whoami`, and with it every form in which an access token comes.

use std::time::Duration;

use http::Method;
use serde_json::json;

use crate::client::{registration, text};
use crate::server::TestServer;

const PATH: &str = "/_matrix/client/v3/account/whoami";

#[tokio::test]
async fn a_token_tells_who_it_speaks_for() {
    let server = TestServer::new();
    let alice = server.registered("alice").await;
    server.whoami(text(&alice, "access_token")).await.gives(
        200,
        &json!({
            "user_id": "@alice:example.org",
            "is_guest": false,
            "device_id": "PHONE",
        }),
    );
}

#[tokio::test]
async fn a_token_comes_once_in_the_header_or_in_the_query() {
    let server = TestServer::new();
    let alice = server.registered("alice").await;
    let token = text(&alice, "access_token");
    let bearer = format!("Bearer {token}");
    let lower_case = format!("bearer {token}");
    let two_spaces = format!("Bearer  {token}");
    let tail = format!("Bearer {token} x");
    let last = token.chars().last().unwrap();
    let broken = format!(
        "Bearer {}{}",
        &token[..token.len() - 1],
        if last == '0' { '1' } else { '0' }
    );
    let argument = format!("?access_token={token}");
    let missing = json!({"errcode": "M_MISSING_TOKEN"});
    let unknown = json!({"errcode": "M_UNKNOWN_TOKEN", "soft_logout": false});
    let rows = [
        (vec![], "", Some(&missing)),
        (vec![bearer.as_str()], "", None),
        (vec![], argument.as_str(), None),
        (vec![&bearer], &argument, Some(&missing)),
        (vec![&bearer], "?access_token=", Some(&missing)),
        (vec![&bearer, &bearer], "", Some(&missing)),
        (vec![&lower_case], "", Some(&missing)),
        (vec![&two_spaces], "", Some(&missing)),
        (vec![&tail], "", Some(&missing)),
        (vec!["Bearer"], "", Some(&missing)),
        (vec!["Basic YTpi"], "", Some(&missing)),
        (vec![token], "", Some(&missing)),
        (vec!["Bearer x"], "", Some(&unknown)),
        (vec![&broken], "", Some(&unknown)),
        (vec![], "?access_token=", Some(&unknown)),
        (vec![], "?access_token=syt_x", Some(&unknown)),
    ];
    for (lines, query, refusal) in rows {
        let headers: Vec<_> = lines.iter().map(|line| ("authorization", *line)).collect();
        let path = format!("{PATH}{query}");
        let answer = server.send(Method::GET, &path, &headers, "").await;
        match refusal {
            None => _ = answer.body_of(200),
            Some(expected) => answer.refuses_with(401, expected),
        }
    }
}

#[tokio::test]
async fn an_expired_token_asks_for_a_soft_logout() {
    let server = TestServer::under(|it| {
        it.lifetimes.nonrefreshable_access = Some(Duration::from_secs(60));
    });
    let alice = server.registered("alice").await;
    let body = registration("bob", json!({"refresh_token": true}));
    let bob = server.post("/register", &body).await.body_of(200);
    let expired = json!({"errcode": "M_UNKNOWN_TOKEN", "soft_logout": true});
    for (person, lifetime_s) in [(&alice, 60), (&bob, 240)] {
        let token = text(person, "access_token");
        server
            .clock
            .advance(Duration::from_millis(lifetime_s * 1000 - 1));
        server.whoami(token).await.body_of(200);
        server.clock.advance(Duration::from_millis(1));
        server.whoami(token).await.refuses_with(401, &expired);
    }
}
