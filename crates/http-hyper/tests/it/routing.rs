//! The paths that lead nowhere, and who serves the others.

use http::{Method, StatusCode};
use registrar_http_hyper::Resource;
use serde_json::Value;

use crate::server::{AVAILABLE, TestServer};

/// A method that nobody has tells which paths there are, and what may be done at them.
#[tokio::test]
async fn every_endpoint_has_its_versions_and_no_other() {
    const BASES: [&str; 6] = ["api/v1", "v1", "r0", "v3", "unstable", "v2_alpha"];
    const LATER: &[&str] = &["r0", "v3", "unstable"];
    const ALSO_API_V1: &[&str] = &["api/v1", "r0", "v3", "unstable"];
    const ALSO_V1: &[&str] = &["v1", "r0", "v3", "unstable"];
    const V1: &[&str] = &["v1", "unstable"];
    const UNSTABLE: &[&str] = &["unstable"];
    let server = TestServer::new();
    let rows = [
        ("register", LATER, "POST, OPTIONS"),
        ("register/available", LATER, "GET, HEAD, OPTIONS"),
        ("register/email/requestToken", LATER, "POST, OPTIONS"),
        ("register/msisdn/requestToken", LATER, "POST, OPTIONS"),
        (
            "registration/email/submit_token",
            UNSTABLE,
            "GET, HEAD, OPTIONS",
        ),
        (
            "add_threepid/email/submit_token",
            UNSTABLE,
            "GET, HEAD, OPTIONS",
        ),
        (
            "add_threepid/msisdn/submit_token",
            UNSTABLE,
            "POST, OPTIONS",
        ),
        (
            "register/m.login.registration_token/validity",
            V1,
            "GET, HEAD, OPTIONS",
        ),
        ("password_policy", LATER, "GET, HEAD, OPTIONS"),
        (
            "auth/m.login.terms/fallback/web",
            LATER,
            "GET, HEAD, POST, OPTIONS",
        ),
        ("login", ALSO_API_V1, "GET, HEAD, POST, OPTIONS"),
        ("logout", ALSO_API_V1, "POST, OPTIONS"),
        ("logout/all", ALSO_API_V1, "POST, OPTIONS"),
        ("refresh", ALSO_V1, "POST, OPTIONS"),
        ("account/whoami", LATER, "GET, HEAD, OPTIONS"),
        ("account/password", LATER, "POST, OPTIONS"),
        (
            "account/password/email/requestToken",
            LATER,
            "POST, OPTIONS",
        ),
        (
            "account/password/msisdn/requestToken",
            LATER,
            "POST, OPTIONS",
        ),
        ("account/deactivate", LATER, "POST, OPTIONS"),
        ("account/3pid", LATER, "GET, HEAD, POST, OPTIONS"),
        ("account/3pid/add", LATER, "POST, OPTIONS"),
        ("account/3pid/bind", LATER, "POST, OPTIONS"),
        ("account/3pid/unbind", LATER, "POST, OPTIONS"),
        ("account/3pid/delete", LATER, "POST, OPTIONS"),
        ("account/3pid/email/requestToken", LATER, "POST, OPTIONS"),
        ("account/3pid/msisdn/requestToken", LATER, "POST, OPTIONS"),
        ("capabilities", LATER, "GET, HEAD, OPTIONS"),
        ("devices", LATER, "GET, HEAD, OPTIONS"),
        ("devices/PHONE", LATER, "GET, HEAD, PUT, DELETE, OPTIONS"),
        ("delete_devices", LATER, "POST, OPTIONS"),
        ("admin/whois/@a:b", ALSO_API_V1, "GET, HEAD, OPTIONS"),
        ("profile/@a:b/displayname", LATER, "GET, HEAD, OPTIONS"),
    ];
    for (path, bases, allow) in rows {
        for base in BASES {
            let path = format!("/_matrix/client/{base}/{path}");
            let answer = server.send(Method::PATCH, &path, &[], "{}").await;
            let is_there = bases.contains(&base);
            let expected = if is_there { 405 } else { 404 };
            assert_eq!(answer.status, expected, "{path}");
            let allowed = answer.headers.get("allow").map(|it| it.to_str().unwrap());
            assert_eq!(allowed, is_there.then_some(allow), "{path}");
        }
    }
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
        "//_matrix/client/v3/login",
        "/_matrix//client/v3/login",
        "/_matrix/client/v3/login/",
        "/%2F_matrix/client/v3/login",
        "//_synapse/admin/v1/register",
        "/health/extra",
        "/health/",
        "//health",
        "/.well-known/nosuch",
        "/.well-known/matrix/server",
    ] {
        for method in [Method::GET, Method::POST, Method::PATCH] {
            let answer = server.send(method, path, &[], "{}").await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
            assert_eq!(answer.headers["access-control-allow-origin"], "*", "{path}");
            let body: Value = serde_json::from_str(&answer.body).unwrap();
            assert_eq!(body["errcode"], "M_UNRECOGNIZED", "{path}");
        }
    }
}

#[tokio::test]
async fn unknown_paths_elsewhere_are_a_page() {
    let server = TestServer::new();
    for path in ["/nosuch", "/", "//", "/healthy", "/_matrixes"] {
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
async fn a_wrong_method_is_refused_in_json_wherever_it_is() {
    let server = TestServer::new();
    for path in ["/health", "/.well-known/matrix/client"] {
        for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
            let answer = server.send(method, path, &[], "").await;
            assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
            let body: Value = serde_json::from_str(&answer.body).unwrap();
            assert_eq!(body["errcode"], "M_UNRECOGNIZED", "{path}");
        }
    }
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
