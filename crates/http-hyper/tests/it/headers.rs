//! The headers around every answer.

use http::{HeaderMap, HeaderName, Method, StatusCode};

use crate::server::{AVAILABLE, TestServer};

fn has_cors(headers: &HeaderMap) -> bool {
    let expected = [
        ("access-control-allow-origin", "*"),
        (
            "access-control-allow-methods",
            "GET, HEAD, POST, PUT, DELETE, OPTIONS",
        ),
        (
            "access-control-allow-headers",
            "X-Requested-With, Content-Type, Authorization, Date",
        ),
        ("access-control-expose-headers", "Synapse-Trace-Id, Server"),
    ];
    expected
        .iter()
        .all(|(name, value)| headers.get(*name).is_some_and(|it| it == value))
}

#[tokio::test]
async fn json_is_for_every_origin_and_no_cache() {
    let server = TestServer::new();
    for path in [AVAILABLE, "/_matrix/client/v3/nosuch"] {
        let headers = server.get(path).await.headers;
        assert!(has_cors(&headers), "{headers:?}");
        assert_eq!(headers["content-type"], "application/json");
        assert_eq!(
            headers["cache-control"],
            "no-cache, no-store, must-revalidate"
        );
    }
}

#[tokio::test]
async fn the_date_follows_the_clock_in_both_directions() {
    let server = TestServer::new();
    for (path, expected) in [
        (AVAILABLE, "Tue, 14 Nov 2023 22:13:20 GMT"),
        ("/nosuch", "Tue, 14 Nov 2023 23:13:20 GMT"),
    ] {
        assert_eq!(server.get(path).await.headers["date"], expected);
        server.clock.advance(std::time::Duration::from_secs(3600));
    }
}

#[tokio::test]
async fn options_is_answered_for_every_path() {
    let server = TestServer::with(|it| it.max_requests = 0, |_| {});
    for path in [
        AVAILABLE,
        "/_matrix/client/v3/nosuch",
        "/nosuch",
        "/_synapse/nosuch",
    ] {
        let answer = server.send(Method::OPTIONS, path, &[], "").await;
        assert_eq!((answer.status, &*answer.body), (StatusCode::NO_CONTENT, ""));
        assert!(has_cors(&answer.headers));
    }
}

#[tokio::test]
async fn head_is_get_without_the_body() {
    let server = TestServer::new();
    for path in [AVAILABLE, "/_matrix/client/v3/nosuch", "/nosuch"] {
        let got = server.get(path).await;
        let answer = server.send(Method::HEAD, path, &[], "").await;
        assert_eq!((answer.status, &*answer.body), (got.status, ""), "{path}");
        assert_eq!(answer.headers["content-length"], got.body.len().to_string());
    }
}

#[tokio::test]
async fn every_answer_has_an_id_of_its_own() {
    let server = TestServer::new();
    let mut seen = Vec::new();
    for path in [AVAILABLE, "/nosuch", AVAILABLE] {
        // Without a trusted header, what clients send is not believed.
        let sent = [("x-request-id", "chosen")];
        let answer = server.send(Method::GET, path, &sent, "").await;
        let id = answer.headers["x-request-id"].to_str().unwrap().to_owned();
        assert!(id != "chosen" && !seen.contains(&id), "{id}");
        seen.push(id);
    }
}

#[tokio::test]
async fn the_id_of_a_trusted_header_is_kept_if_it_is_harmless() {
    let header = HeaderName::from_static("x-trace");
    let server = TestServer::with(|_| {}, |it| it.request_id_header = Some(header));
    let long = "a".repeat(65);
    let rows = [
        ("id-1_2.3:4", true),
        ("two words", false),
        ("", false),
        (&long, false),
    ];
    for (id, is_kept) in rows {
        let answer = server
            .send(Method::GET, "/health", &[("x-trace", id)], "")
            .await;
        assert_eq!(answer.headers["x-request-id"] == *id, is_kept, "{id}");
    }
}
