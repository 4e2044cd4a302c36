//! `GET /health`, `GET /ready`

use std::sync::Arc;

use http::StatusCode;
use registrar_http_hyper::{Condition, Health};

use crate::server::TestServer;

#[tokio::test]
async fn health_is_a_word() {
    for path in ["/health", "/ready"] {
        let answer = TestServer::new().get(path).await;
        assert_eq!(
            (answer.status, answer.body.as_str()),
            (StatusCode::OK, "OK"),
            "{path}"
        );
    }
}

#[derive(Debug)]
struct Always(Condition);

impl Health for Always {
    fn condition(&self) -> Condition {
        self.0
    }
}

#[tokio::test]
async fn only_what_a_restart_helps_against_is_bad_health() {
    for (condition, health, ready) in [
        (Condition::Ready, 200, 200),
        (Condition::Unready, 200, 503),
        (Condition::Broken, 503, 503),
    ] {
        let server = TestServer::with(
            |options| options.health = Some(Arc::new(Always(condition))),
            |_| {},
        );
        let statuses = (
            server.get("/health").await.status.as_u16(),
            server.get("/ready").await.status.as_u16(),
        );
        assert_eq!(statuses, (health, ready), "{condition:?}");
    }
}
