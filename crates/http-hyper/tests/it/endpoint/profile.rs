//! `GET /_matrix/client/v3/profile/{userId}/displayname`

use serde_json::json;

use crate::server::TestServer;

#[tokio::test]
async fn an_account_is_called_by_its_localpart_until_it_says_otherwise() {
    let server = TestServer::new();
    server.registered("a/b").await;
    for user_id in ["@a%2Fb:example.org", "%40a%2Fb%3Aexample.org"] {
        let path = format!("/_matrix/client/v3/profile/{user_id}/displayname");
        let answer = server.get(&path).await;
        answer.gives(200, &json!({"displayname": "a/b"}));
    }
}

#[tokio::test]
async fn nobody_and_somebody_elsewhere_have_no_name_here() {
    let server = TestServer::new();
    server.registered("alice").await;
    for user_id in [
        "",
        "alice",
        "@alice",
        "@alice:",
        "@bob:example.org",
        "@alice:example.com",
        "@alice%00:example.org",
        "%FF",
    ] {
        let path = format!("/_matrix/client/v3/profile/{user_id}/displayname");
        server.get(&path).await.refuses(404, "M_NOT_FOUND");
    }
}
