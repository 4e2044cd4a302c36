//! Panics, requests that take too long, and more requests than there is room for.

use std::time::Duration;

use http::{Method, StatusCode};
use serde_json::Value;

use crate::server::{AVAILABLE, Answer, PANICKING, SLOW, TestServer};

async fn ask(server: &TestServer, client: &str) -> Answer {
    server
        .send(Method::GET, AVAILABLE, &[("x-forwarded-for", client)], "")
        .await
}

#[tokio::test]
async fn a_panic_is_one_requests_misfortune() {
    let server = TestServer::new();
    let answer = ask(&server, PANICKING).await;
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    let body: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(body["errcode"], "M_UNKNOWN");
    assert!(!answer.body.contains("syt_secret"));
    assert!(answer.headers.contains_key("access-control-allow-origin"));
    assert_eq!(ask(&server, "192.0.2.1").await.status, StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_takes_too_long_is_given_up() {
    let server = TestServer::with(|it| it.request_timeout = Duration::from_secs(30), |_| {});
    let answer = ask(&server, SLOW).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.headers["retry-after"], "5");
}

#[tokio::test]
async fn a_full_server_turns_requests_away_and_probes_see_it_alive() {
    let server = TestServer::with(|it| it.max_requests = 1, |_| {});
    let (slow, ()) = tokio::join!(ask(&server, SLOW), async {
        server.slow_one_arrived().await;
        let answer = ask(&server, "192.0.2.1").await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(answer.headers["retry-after"], "1");
        assert_eq!(server.get("/health").await.status, StatusCode::OK);
        server.release();
    });
    assert_eq!(slow.status, StatusCode::OK);
    // The slot is free again.
    assert_eq!(ask(&server, "192.0.2.1").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_panic_and_a_dropped_request_give_their_slots_back() {
    let server = TestServer::with(|it| it.max_requests = 1, |_| {});
    assert_eq!(
        ask(&server, PANICKING).await.status,
        StatusCode::INTERNAL_SERVER_ERROR
    );
    tokio::select! {
        _ = ask(&server, SLOW) => panic!("it was answered"),
        () = server.slow_one_arrived() => {}
    }
    assert_eq!(ask(&server, "192.0.2.1").await.status, StatusCode::OK);
}
