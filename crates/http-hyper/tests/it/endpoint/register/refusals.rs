//! Which JSON types `POST /register` takes, and the codes of its refusals. Their order is tested with the
//! use-case.

use http::Method;
use registrar_domain::model::limit::Rate;
use registrar_domain::model::password::strength::StrengthRules;
use serde_json::{Value, json};

use crate::client::{registration, with};
use crate::server::TestServer;

const NOBODY: Rate = Rate {
    per_second: 0.0,
    burst_count: 0.0,
};

#[tokio::test]
async fn limits_come_after_the_syntax_and_before_everything_else() {
    let server = TestServer::under(|it| it.rates.registration = NOBODY);
    let path = "/_matrix/client/v3/register?kind=%C3%BC";
    for (body, errcode) in [
        ("", "M_NOT_JSON"),
        ("{\"username\":", "M_NOT_JSON"),
        ("{\"username\":\"\\ud800\"}", "M_NOT_JSON"),
        ("null", "M_BAD_JSON"),
        ("[]", "M_BAD_JSON"),
    ] {
        let answer = server.send(Method::POST, path, &[], body).await;
        answer.refuses(400, errcode);
    }
    let answer = server.send(Method::POST, path, &[], "{}").await;
    assert_eq!(answer.body_of(429)["errcode"], "M_LIMIT_EXCEEDED");
}

#[tokio::test]
async fn kinds_of_account() {
    let server = TestServer::new();
    let body = json!({}).to_string();
    for (query, status, errcode) in [
        ("", 401, None),
        ("?kind=user", 401, None),
        ("?kind=user&kind=guest", 401, None),
        ("?kind=guest&kind=user", 200, None),
        ("?a=b;kind=guest", 200, None),
        ("?kind=", 400, Some("M_UNRECOGNIZED")),
        ("?kind=User", 400, Some("M_UNRECOGNIZED")),
        ("?kind=guest%00", 400, Some("M_UNRECOGNIZED")),
        ("?kind=%ff", 400, Some("M_UNKNOWN")),
    ] {
        let path = format!("/_matrix/client/v3/register{query}");
        let answer = server.send(Method::POST, &path, &[], body.clone()).await;
        let body = answer.body_of(status);
        let found = body.get("errcode").and_then(Value::as_str);
        assert_eq!(found, errcode, "{query}");
    }
}

#[tokio::test]
async fn every_field_has_a_type() {
    let server = TestServer::new();
    let long = "x".repeat(513);
    let others = || [json!(true), json!(1), json!(0.5), json!([]), json!({})];
    let rows: [(&str, &str, Vec<Value>); 7] = [
        (
            "refresh_token",
            "M_UNKNOWN",
            vec![Value::Null, json!("true"), json!(1), json!([]), json!({})],
        ),
        (
            "username",
            "M_UNKNOWN",
            [Value::Null, json!(long)]
                .into_iter()
                .chain(others())
                .collect(),
        ),
        (
            "password",
            "M_UNKNOWN",
            [json!(long)].into_iter().chain(others()).collect(),
        ),
        ("password", "M_INVALID_PARAM", vec![json!("a\u{0}b")]),
        (
            "device_id",
            "M_INVALID_PARAM",
            [json!(long), json!("a\u{0}b")]
                .into_iter()
                .chain(others())
                .collect(),
        ),
        (
            "initial_device_display_name",
            "M_INVALID_PARAM",
            [json!("a\u{0}b")].into_iter().chain(others()).collect(),
        ),
        ("guest_access_token", "M_INVALID_PARAM", others().into()),
    ];
    for (key, errcode, values) in rows {
        for value in values {
            let body = with(registration("alice", json!({})), json!({key: value}));
            server.post("/register", &body).await.refuses(400, errcode);
        }
    }
    // What is refused leaves no trace: the name is still free.
    server.registered("alice").await;
}

#[tokio::test]
async fn null_is_as_good_as_nothing_where_nothing_is_fine() {
    let server = TestServer::new();
    let nulls = json!({
        "device_id": null,
        "initial_device_display_name": null,
        "guest_access_token": null,
        "inhibit_login": null,
        "type": null,
        "unheard_of": null,
    });
    let body = registration("alice", nulls);
    server.post("/register", &body).await.body_of(200);
    let body = registration("bob", json!({"password": null}));
    let answer = server.post("/register", &body).await;
    answer.refuses(400, "M_MISSING_PARAM");
}

#[tokio::test]
async fn access_tokens_are_for_application_services_of_which_there_are_none() {
    let server = TestServer::new();
    let appservice = json!({"type": "m.login.application_service"});
    let named = with(appservice.clone(), json!({"username": "alice"}));
    let bearer: &[_] = &[("authorization", "Bearer x")];
    let malformed: &[_] = &[("authorization", "x")];
    let unknown = json!({"errcode": "M_UNKNOWN_TOKEN", "soft_logout": false});
    let missing = json!({"errcode": "M_MISSING_TOKEN"});
    let other = json!({"errcode": "M_UNKNOWN"});
    let rows = [
        ("", &[][..], &named, 400, &other),
        ("", malformed, &named, 401, &missing),
        ("?access_token=x", bearer, &named, 401, &missing),
        ("", bearer, &appservice, 400, &other),
        ("", bearer, &named, 401, &unknown),
        ("?access_token=x", &[], &named, 401, &unknown),
        ("", bearer, &json!({}), 400, &other),
        ("", malformed, &json!({}), 400, &other),
        ("?access_token=", &[], &json!({}), 400, &other),
    ];
    for (query, headers, body, status, expected) in rows {
        let path = format!("/_matrix/client/v3/register{query}");
        let answer = server
            .send(Method::POST, &path, headers, body.to_string())
            .await;
        answer.refuses_with(status, expected);
    }
}

#[tokio::test]
async fn weak_passwords_are_refused_by_the_first_rule_they_break() {
    let server = TestServer::under(|it| {
        it.password.strength = Some(StrengthRules {
            minimum_length: Some(5),
            require_digit: Some(true),
            require_symbol: Some(true),
            require_lowercase: Some(true),
            require_uppercase: Some(true),
        });
    });
    for (password, errcode) in [
        ("", "M_PASSWORD_TOO_SHORT"),
        ("abcde", "M_PASSWORD_NO_DIGIT"),
        ("abcd1", "M_PASSWORD_NO_SYMBOL"),
        ("abc!1", "M_PASSWORD_NO_UPPERCASE"),
        ("ABC!1", "M_PASSWORD_NO_LOWERCASE"),
    ] {
        let body = registration("alice", json!({"password": password}));
        server.post("/register", &body).await.refuses(400, errcode);
    }
    let body = registration("alice", json!({"password": "aBc!1"}));
    server.post("/register", &body).await.body_of(200);
}

#[tokio::test]
async fn with_inhibit_a_taken_name_shows_only_at_the_end() {
    let server = TestServer::under(|it| it.registration.inhibit_user_in_use_error = true);
    server.registered("alice").await;
    let body = with(registration("alice", json!({})), json!({"auth": null}));
    server.post("/register", &body).await.body_of(401);
    let body = registration("alice", json!({}));
    server
        .post("/register", &body)
        .await
        .refuses(400, "M_USER_IN_USE");
}
