//! What keeps `POST /register` from doing what it otherwise would.

use std::sync::atomic::Ordering;
use std::time::Duration;

use registrar_domain::model::limit::Rate;
use registrar_domain::model::policy::ServerDisabled;
use serde_json::{Value, json};

use crate::client::{PASSWORD, registration};
use crate::server::TestServer;

/// One registration now, and one every ten seconds.
const SLOWLY: Rate = Rate {
    per_second: 0.1,
    burst_count: 1.0,
};

fn limited(retry_after_ms: u64) -> Value {
    json!({"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": retry_after_ms})
}

#[tokio::test]
async fn only_what_registers_somebody_counts() {
    let server = TestServer::under(|it| it.rates.registration = SLOWLY);
    for _ in 0..3 {
        let body = json!({"username": "alice", "password": PASSWORD});
        server.post("/register", &body).await.body_of(401);
    }
    server.registered("alice").await;
    for (path, body) in [
        ("/register", registration("bob", json!({}))),
        ("/register", json!({})),
        ("/register?kind=guest", json!({})),
    ] {
        let answer = server.post(path, &body).await;
        answer.refuses_with(429, &limited(10_000));
    }
    server.clock.advance(Duration::from_millis(9999));
    let answer = server.post("/register?kind=guest", &json!({})).await;
    answer.refuses_with(429, &limited(1));
    server.clock.advance(Duration::from_millis(1));
    let answer = server.post("/register?kind=guest", &json!({})).await;
    answer.body_of(200);
}

#[tokio::test]
async fn a_full_queue_of_passwords_asks_for_patience() {
    let server = TestServer::new();
    server.hasher.busy.store(true, Ordering::SeqCst);
    let body = registration("alice", json!({}));
    let answer = server.post("/register", &body).await;
    answer.refuses_with(429, &limited(1500));
    server.hasher.busy.store(false, Ordering::SeqCst);
    server.post("/register", &body).await.body_of(200);
}

#[tokio::test]
async fn a_server_that_is_switched_off_says_whom_to_ask() {
    for admin_contact in [None, Some("mailto:admin@example.org".to_owned())] {
        let server = TestServer::under(|it| {
            it.usage.disabled = Some(ServerDisabled {
                message: "closed for good".to_owned(),
                admin_contact: admin_contact.clone(),
            });
        });
        let expected = json!({
            "errcode": "M_RESOURCE_LIMIT_EXCEEDED",
            "admin_contact": admin_contact,
            "limit_type": "hs_disabled",
        });
        let body = registration("alice", json!({}));
        let answer = server.post("/register", &body).await;
        answer.refuses_with(403, &expected);
        assert_eq!(answer.json()["error"], "closed for good");
        let answer = server.post("/register?kind=guest", &json!({})).await;
        answer.refuses_with(403, &expected);
    }
}

#[tokio::test]
async fn a_database_that_is_away_is_a_reason_to_come_back() {
    let server = TestServer::new();
    server.store.refuse_next(1);
    let body = registration("alice", json!({}));
    let answer = server.post("/register", &body).await;
    answer.refuses_with(
        503,
        &json!({"errcode": "M_UNKNOWN", "retry_after_ms": 1000}),
    );
    server.post("/register", &body).await.body_of(200);
}
