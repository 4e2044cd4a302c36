//! `GET /health`

use http::StatusCode;

use crate::server::TestServer;

#[tokio::test]
async fn health_is_a_word() {
    let answer = TestServer::new().get("/health").await;
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (StatusCode::OK, "OK")
    );
}
