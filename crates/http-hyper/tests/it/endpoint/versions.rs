//! `GET /_matrix/client/versions`

use http::Method;
use serde_json::{Value, json};

use crate::server::TestServer;

#[tokio::test]
async fn versions_may_be_cached_for_those_without_a_token() {
    let server = TestServer::new();
    let answer = server.get("/_matrix/client/versions").await;
    let body: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(body.as_object().unwrap().len(), 2);
    assert_eq!(body["unstable_features"], json!({}));
    let versions = body["versions"].as_array().unwrap();
    assert!(versions.contains(&json!("r0.6.1")) && versions.contains(&json!("v1.12")));
    assert!(
        answer.headers["cache-control"]
            .to_str()
            .unwrap()
            .starts_with("public")
    );
    assert_eq!(answer.headers["vary"], "Authorization");

    let token = [("authorization", "Bearer x")];
    let answer = server
        .send(Method::GET, "/_matrix/client/versions", &token, "")
        .await;
    assert_eq!(
        answer.headers["cache-control"],
        "no-cache, no-store, must-revalidate"
    );
}
