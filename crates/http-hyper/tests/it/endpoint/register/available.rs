//! `GET /_matrix/client/v3/register/available`

use http::{Method, StatusCode};
use registrar_domain::model::id::Localpart;
use serde_json::{Value, json};

use crate::server::{AVAILABLE, TestServer};

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
async fn refusals_come_in_the_order_of_synapse() {
    let notices = Localpart::read("notices").unwrap();
    let closed = TestServer::under(|it| {
        it.registration.enabled = false;
        it.registration.inhibit_user_in_use_error = true;
    });
    let inhibiting = TestServer::under(|it| it.registration.inhibit_user_in_use_error = true);
    let open = TestServer::under(|it| it.registration.server_notices_localpart = Some(notices));
    open.registered("alice").await;
    inhibiting.registered("alice").await;
    let path = |query: &str| format!("/_matrix/client/v3/register/available{query}");
    let limited = [("x-forwarded-for", "192.0.2.29")];

    let answer = closed.send(Method::GET, &path(""), &limited, "").await;
    answer.refuses(403, "M_FORBIDDEN");
    for query in ["", "?username=alice", "?username=%FF"] {
        let answer = inhibiting
            .send(Method::GET, &path(query), &limited, "")
            .await;
        answer.gives(200, &json!({"available": true}));
    }
    let answer = open.send(Method::GET, &path(""), &limited, "").await;
    answer.refuses_with(
        429,
        &json!({"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 2001}),
    );
    for (query, errcode) in [
        ("", "M_MISSING_PARAM"),
        // Not lower-cased here, although registration would.
        ("?username=ALICE", "M_INVALID_USERNAME"),
        ("?username=_x", "M_INVALID_USERNAME"),
        ("?username=notices", "M_EXCLUSIVE"),
        (
            &format!("?username={}", "1".repeat(256)),
            "M_INVALID_USERNAME",
        ),
        ("?username=alice", "M_USER_IN_USE"),
    ] {
        open.get(&path(query)).await.refuses(400, errcode);
    }
}

#[tokio::test]
async fn guests_have_their_numbers() {
    let server = TestServer::new();
    server
        .post("/register?kind=guest", &json!({}))
        .await
        .body_of(200);
    let path = "/_matrix/client/v3/register/available?username=1";
    // Taken beats numeric.
    server.get(path).await.refuses(400, "M_USER_IN_USE");
}
