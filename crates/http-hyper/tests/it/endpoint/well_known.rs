//! `GET /.well-known/matrix/client`

use http::StatusCode;
use serde_json::json;

use crate::server::TestServer;

#[tokio::test]
async fn the_discovery_document_is_the_operators() {
    let path = "/.well-known/matrix/client";
    let answer = TestServer::new().get(path).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert!(
        answer
            .body
            .starts_with(r#"{"errcode":"M_NOT_FOUND","error":"#),
        "{}",
        answer.body
    );

    let document = json!({"m.homeserver": {"base_url": "https://example.org/"}});
    let server = TestServer::with(|it| it.well_known_client = Some(document.clone()), |_| {});
    let answer = server.get(path).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.body, document.to_string());
    assert_eq!(answer.headers["access-control-allow-origin"], "*");
}
