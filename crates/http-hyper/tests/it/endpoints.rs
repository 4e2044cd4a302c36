//! The endpoints that need no account, and the paths that lead nowhere.

use http::{Method, StatusCode};
use registrar_http_hyper::Resource;
use serde_json::{Value, json};

use crate::server::{AVAILABLE, TestServer};

#[tokio::test]
async fn health_is_a_word() {
    let answer = TestServer::new().get("/health").await;
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (StatusCode::OK, "OK")
    );
}

#[tokio::test]
async fn versions_may_be_cached_for_those_without_a_token() {
    let server = TestServer::new();
    let answer = server.get("/_matrix/client/versions").await;
    let body: Value = serde_json::from_str(&answer.body).unwrap();
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

#[tokio::test]
async fn availability_is_asked_under_all_its_paths() {
    let server = TestServer::new();
    for base in ["r0", "v3", "unstable"] {
        for end in ["available", "available/", "availableXYZ"] {
            let path = format!("/_matrix/client/{base}/register/{end}?username=alice");
            let answer = server.get(&path).await;
            assert_eq!(
                (answer.status, &*answer.body),
                (StatusCode::OK, r#"{"available":true}"#)
            );
        }
    }
}

#[tokio::test]
async fn availability_refuses_in_the_words_of_the_protocol() {
    let server = TestServer::new();
    let rows = [
        ("", "M_MISSING_PARAM"),
        ("?Username=abc", "M_MISSING_PARAM"),
        ("?username", "M_MISSING_PARAM"),
        ("?username=", "M_INVALID_USERNAME"),
        ("?username=%zz", "M_INVALID_USERNAME"),
        ("?username=%00", "M_INVALID_USERNAME"),
        ("?username=%40abc", "M_INVALID_USERNAME"),
        ("?username=a+b", "M_INVALID_USERNAME"),
        ("?username=12345", "M_INVALID_USERNAME"),
        ("?username=%C3%BC", "M_UNKNOWN"),
        ("?username=%ff", "M_UNKNOWN"),
    ];
    for (query, errcode) in rows {
        let answer = server
            .get(&format!("/_matrix/client/v3/register/available{query}"))
            .await;
        let body: Value = serde_json::from_str(&answer.body).unwrap();
        assert_eq!(
            (answer.status, &body["errcode"]),
            (StatusCode::BAD_REQUEST, &json!(errcode))
        );
    }
}

#[tokio::test]
async fn a_limit_says_when_to_come_back() {
    let headers = [("x-forwarded-for", "192.0.2.29")];
    let answer = TestServer::new()
        .send(Method::GET, AVAILABLE, &headers, "")
        .await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(answer.headers["retry-after"], "3");
    let body: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(
        (&body["errcode"], &body["retry_after_ms"]),
        (&json!("M_LIMIT_EXCEEDED"), &json!(2001))
    );
}

#[tokio::test]
async fn unknown_paths_of_the_api_are_unrecognized() {
    let server = TestServer::new();
    for path in [
        "/_matrix/client/v3/nosuch",
        "/_matrix/client/v1/auth_metadata",
        "/_matrix/client/unstable/org.matrix.msc2965/auth_metadata",
        "/_matrix/client/v3/register/nosuch",
        "/_matrix/client/v3%2Fregister",
        "/_synapse/nosuch",
        "/_matrix",
    ] {
        for method in [Method::GET, Method::POST, Method::PATCH] {
            let answer = server.send(method, path, &[], "{}").await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
            let body: Value = serde_json::from_str(&answer.body).unwrap();
            assert_eq!(body["errcode"], "M_UNRECOGNIZED", "{path}");
        }
    }
}

#[tokio::test]
async fn unknown_paths_elsewhere_are_a_page() {
    let server = TestServer::new();
    for path in ["/nosuch", "/", "/.well-known/matrix/server", "/_matrixes"] {
        let answer = server.get(path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(answer.headers["content-type"], "text/html; charset=utf-8");
        assert_eq!(answer.headers.get("access-control-allow-origin"), None);
        assert!(answer.body.starts_with("<!DOCTYPE html>"));
    }
}

#[tokio::test]
async fn a_wrong_method_is_told_the_right_one() {
    let answer = TestServer::new()
        .send(Method::POST, AVAILABLE, &[], "{}")
        .await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(answer.headers["allow"], "GET, HEAD, OPTIONS");
    let body: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(body["errcode"], "M_UNRECOGNIZED");
}

#[tokio::test]
async fn a_listener_serves_only_its_resources() {
    let server = TestServer::with(|_| {}, |it| it.resources = [Resource::Health].into());
    assert_eq!(server.get("/health").await.status, StatusCode::OK);
    assert_eq!(
        server.get("/_matrix/client/versions").await.status,
        StatusCode::NOT_FOUND
    );
}
