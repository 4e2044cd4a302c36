//! User-interactive authentication at `POST /register`.

use http::Method;
use registrar_domain::model::policy::ConsentPolicy;
use registrar_domain::model::uia::Stage;
use registrar_domain::model::uia::flow::Flow;
use serde_json::{Value, json};

use crate::client::{PASSWORD, registration, text};
use crate::server::TestServer;

/// A UIA session that asks for two things.
fn two_stages() -> TestServer {
    TestServer::under(|it| {
        it.registration.flows = vec![
            Flow::new([Stage::Terms, Stage::Dummy]),
            Flow::new([Stage::Email]),
        ];
    })
}

#[tokio::test]
async fn what_is_asked_for_comes_in_the_order_of_the_protocol() {
    let server = two_stages();
    let body = json!({"username": "alice", "password": PASSWORD});
    let answer = server.post("/register", &body).await;
    answer.gives(
        401,
        &json!({
            "session": "<session>",
            "flows": [
                {"stages": ["m.login.terms", "m.login.dummy"]},
                {"stages": ["m.login.email.identity"]},
            ],
            "params": {},
        }),
    );
    let session = answer.json()["session"].to_string();
    assert!(
        answer
            .body
            .starts_with(&format!("{{\"session\":{session},\"flows\":[{{\"stages\":"))
    );
}

#[tokio::test]
async fn the_parameters_are_those_of_the_stages_that_are_asked_for() {
    let policies = json!({"policies": {"privacy_policy": {
        "version": "1.0",
        "en": {"name": "House rules", "url": "https://example.org/_matrix/consent?v=1.0"},
    }}});
    let captcha = json!({"public_key": "site-key"});
    let rows = [
        (vec![Stage::Dummy], json!({})),
        (
            vec![Stage::Recaptcha, Stage::Dummy],
            json!({"m.login.recaptcha": captcha}),
        ),
        (
            vec![Stage::Recaptcha, Stage::Terms, Stage::Email],
            json!({"m.login.recaptcha": captcha, "m.login.terms": policies}),
        ),
    ];
    for (stages, params) in rows {
        let server = TestServer::under(|it| {
            it.registration.flows = vec![Flow::new(stages)];
            it.registration.captcha_public_key = Some("site-key".to_owned());
            it.registration.consent = Some(ConsentPolicy {
                version: "1.0".to_owned(),
                name: "House rules".to_owned(),
                url: "https://example.org/_matrix/consent?v=1.0".to_owned(),
                form_secret: None,
            });
        });
        let prompt = server
            .post("/register", &json!({"username": "alice"}))
            .await;
        assert_eq!(prompt.body_of(401)["params"], params);
    }
}

#[tokio::test]
async fn what_is_complete_is_told_to_those_with_something_to_say_in_auth() {
    let server = two_stages();
    let body = json!({"username": "alice", "password": PASSWORD});
    let prompt = server.post("/register", &body).await.body_of(401);
    let session = &prompt["session"];
    let none = Value::Null;
    let empty = json!([]);
    let dummy = json!(["m.login.dummy"]);
    let rows = [
        (json!({}), &none),
        (json!({"auth": null}), &none),
        (json!({"auth": {}}), &none),
        (json!({"auth": {"other": 1}}), &empty),
        (json!({"auth": {"session": session}}), &empty),
        (
            json!({"auth": {"session": "", "type": "m.login.dummy"}}),
            &dummy,
        ),
        (
            json!({"auth": {"session": null, "type": "m.login.dummy"}}),
            &dummy,
        ),
        (
            json!({"auth": {"session": session, "type": "m.login.dummy"}}),
            &dummy,
        ),
        (json!({"auth": {"session": session}}), &dummy),
    ];
    for (body, completed) in rows {
        let answer = server.post("/register", &body).await;
        let mut expected = json!({
            "session": "<session>",
            "flows": prompt["flows"],
            "params": {},
        });
        if !completed.is_null() {
            expected["completed"] = completed.clone();
        }
        answer.gives(401, &expected);
        // Without a session of its own, each request begins another UIA session.
        let continues = body["auth"]["session"] == *session;
        assert_eq!(answer.json()["session"] == *session, continues, "{body}");
    }
}

#[tokio::test]
async fn what_was_said_first_need_not_be_repeated() {
    let server = TestServer::new();
    let body = json!({
        "username": "alice",
        "password": PASSWORD,
        "device_id": "PHONE",
        "initial_device_display_name": "My phone",
    });
    let prompt = server.post("/register", &body).await.body_of(401);
    let auth = json!({"type": "m.login.dummy", "session": prompt["session"]});
    // A device name without a password makes no body of its own.
    let body = json!({"auth": auth, "initial_device_display_name": "Other"});
    let body = server.post("/register", &body).await.body_of(200);
    assert_eq!(body["user_id"], "@alice:example.org");
    assert_eq!(body["device_id"], "PHONE");
    let device = server
        .get_as(text(&body, "access_token"), "/devices/PHONE")
        .await;
    assert_eq!(device.body_of(200)["display_name"], "My phone");
}

#[tokio::test]
async fn another_body_replaces_what_was_said_first() {
    let server = TestServer::new();
    let body = json!({"username": "alice", "password": PASSWORD, "device_id": "PHONE"});
    let prompt = server.post("/register", &body).await.body_of(401);
    let auth = json!({"type": "m.login.dummy", "session": prompt["session"]});
    let body = json!({"auth": auth, "refresh_token": true});
    server.post("/register", &body).await.gives(
        200,
        &json!({
            "user_id": "@1:example.org",
            "home_server": "example.org",
            "access_token": "<access token>",
            "device_id": "<device ID>",
            "refresh_token": "<refresh token>",
            "expires_in_ms": 300_000,
        }),
    );
}

#[tokio::test]
async fn a_uia_session_is_bound_to_its_path_and_query() {
    let server = TestServer::new();
    let body = json!({"username": "alice", "password": PASSWORD});
    let prompt = server.post("/register", &body).await.body_of(401);
    let auth = json!({"type": "m.login.dummy", "session": prompt["session"]});
    let body = json!({"auth": auth}).to_string();
    for path in ["r0/register", "v3/register?kind=user", "v3/register?"] {
        let path = format!("/_matrix/client/{path}");
        let answer = server.send(Method::POST, &path, &[], body.clone()).await;
        answer.refuses(403, "M_UNKNOWN");
    }
    let path = "/_matrix/client/v3/register";
    server
        .send(Method::POST, path, &[], body)
        .await
        .body_of(200);
}

#[tokio::test]
async fn auth_that_cannot_be_read_is_refused() {
    let server = TestServer::new();
    let rows = [
        (json!([]), "M_BAD_JSON"),
        (json!(""), "M_BAD_JSON"),
        (json!(true), "M_BAD_JSON"),
        (json!(1), "M_BAD_JSON"),
        (json!({"session": ["x"]}), "M_BAD_JSON"),
        (json!({"session": 0}), "M_BAD_JSON"),
        (json!({"type": 5}), "M_BAD_JSON"),
        (json!({"type": ["m.login.dummy"]}), "M_BAD_JSON"),
        (json!({"session": "nosuch"}), "M_UNKNOWN"),
        (
            json!({"session": "no\u{0}such", "type": "m.login.dummy"}),
            "M_UNKNOWN",
        ),
    ];
    for (auth, errcode) in rows {
        let body = registration("alice", json!({"auth": auth}));
        server.post("/register", &body).await.refuses(400, errcode);
    }
}

#[tokio::test]
async fn stages_that_are_not_served_are_unknown() {
    let server = TestServer::over(|_| {}, |ports| ports.captcha = None);
    let identifier = json!({"type": "m.id.user", "user": "alice"});
    server.registered("alice").await;
    let rows = [
        (json!({"type": "m.login.unheard_of"}), "M_INVALID_PARAM"),
        (
            json!({"type": "m.login.recaptcha", "response": "x"}),
            "M_INVALID_PARAM",
        ),
        (
            json!({"type": "m.login.password", "password": PASSWORD}),
            "M_INVALID_PARAM",
        ),
        // A password is not looked at, right or wrong.
        (
            json!({"type": "m.login.password", "password": PASSWORD, "identifier": identifier}),
            "M_UNKNOWN",
        ),
        (
            json!({"type": "m.login.password", "password": "wrong", "identifier": identifier}),
            "M_UNKNOWN",
        ),
    ];
    for (auth, errcode) in rows {
        let body = registration("bob", json!({"auth": auth}));
        server.post("/register", &body).await.refuses(400, errcode);
    }
}
