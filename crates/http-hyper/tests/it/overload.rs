//! Panics, requests that take too long, and more requests than there is room for.

use std::time::Duration;

use http::{Method, Request, StatusCode};
use serde_json::Value;
use tower::ServiceExt as _;

use crate::bodies::{Scripted, Step};
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
async fn a_client_has_a_share_of_the_requests_in_progress() {
    let server = TestServer::with(|it| it.max_requests_per_address = 1, |_| {});
    let (slow, ()) = tokio::join!(ask(&server, SLOW), async {
        server.slow_one_arrived().await;
        let answer = ask(&server, SLOW).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(ask(&server, "192.0.2.1").await.status, StatusCode::OK);
        server.release();
    });
    assert_eq!(slow.status, StatusCode::OK);
}

/// Half bodies take no slot, and no memory that others need.
#[tokio::test(start_paused = true)]
async fn bodies_on_their_way_keep_nobody_from_being_answered() {
    let server = TestServer::with(
        |it| {
            it.max_requests = 1;
            it.body_limit_bytes = 1000;
            it.body_memory_bytes = 100_000;
        },
        |_| {},
    );
    let half = |client: &'static str| {
        let body = Scripted::new(&[Step::Bytes(10), Step::Wait]);
        let request =
            Request::post("/_matrix/client/v3/register").header("x-forwarded-for", client);
        let service = server.service.clone();
        tokio::spawn(service.oneshot(request.body(body).unwrap()))
    };
    let mut halves: Vec<_> = (0..100).map(|_| half("192.0.2.1")).collect();
    halves.extend(["192.0.2.2", "192.0.2.3"].map(half));
    tokio::time::sleep(Duration::from_secs(1)).await;
    for client in ["192.0.2.1", "192.0.2.4"] {
        let headers = [("x-forwarded-for", client)];
        let answer = server
            .send(Method::POST, "/_matrix/client/v3/nosuch", &headers, "{}")
            .await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{client}");
    }
    // Those of the client with too many of them were given up, the others wait for their time.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let is_given_up: Vec<_> = halves
        .iter()
        .map(tokio::task::JoinHandle::is_finished)
        .collect();
    assert!(is_given_up[..100].iter().all(|it| *it));
    assert_eq!(is_given_up[100..], [false, false]);
    let Ok(refused) = halves.swap_remove(0).await.unwrap();
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
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
