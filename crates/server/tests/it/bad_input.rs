//! Whatever is sent, the answer is a Matrix error, and the server is still there.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Map, Value, json};

use crate::process::Home;

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
        Just(Value::from("m.login.dummy")),
        Just(Value::from("m.login.application_service")),
        Just(Value::from("a\0b")),
        Just(Value::from("x".repeat(600))),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    leaf().prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            object(inner).prop_map(Value::from),
        ]
    })
}

fn object(values: impl Strategy<Value = Value>) -> impl Strategy<Value = Map<String, Value>> {
    let key = proptest::sample::select(vec![
        "auth",
        "type",
        "session",
        "username",
        "password",
        "device_id",
        "user",
        "identifier",
        "initial_device_display_name",
        "inhibit_login",
        "refresh_token",
        "guest_access_token",
        "kind",
    ]);
    proptest::collection::btree_map(key.prop_map(str::to_owned), values, 0..8)
        .prop_map(|map| map.into_iter().collect())
}

#[test]
fn arbitrary_json_never_gets_a_500() {
    let home = Home::new();
    let server = home.start();
    let mut runner = TestRunner::new(Config {
        cases: 400,
        failure_persistence: None,
        ..Config::default()
    });
    let path = proptest::sample::select(vec![
        "/_matrix/client/v3/register",
        "/_matrix/client/v3/register?kind=guest",
        "/_matrix/client/v3/login",
        "/_matrix/client/v3/refresh",
        "/_matrix/client/v3/delete_devices",
    ]);
    let body = prop_oneof![4 => object(value()).prop_map(Value::from), 1 => value()];
    let outcome = runner.run(&(path, body), |(path, body)| {
        let answer = server.post(path, &body);
        prop_assert!(
            (200..500).contains(&answer.status),
            "{path} {body} → {answer:?}"
        );
        if answer.status != 200 && answer.status != 401 {
            prop_assert!(
                answer.body["errcode"].is_string(),
                "{path} {body} → {answer:?}"
            );
        }
        Ok(())
    });
    outcome.unwrap();
    let log = server.terminate();
    let error = log
        .lines()
        .find(|line| line.contains("\"level\":\"ERROR\""));
    assert_eq!(error, None);
}

#[test]
fn bytes_that_are_not_json_are_refused() {
    let home = Home::new();
    let server = home.start();
    let deep = "[".repeat(100_000);
    let surrogate = "{\"username\":\"\\ud800\"}";
    for body in [
        "",
        "{",
        "nul",
        "\u{feff}{}",
        "{\"a\":NaN}",
        "{} {}",
        surrogate,
        &deep,
    ] {
        let answer = server
            .request("POST", "/_matrix/client/v3/register", None, Some(body))
            .unwrap();
        let head: String = body.chars().take(30).collect();
        assert_eq!(
            (answer.status, &answer.body["errcode"]),
            (400, &json!("M_NOT_JSON")),
            "{head}"
        );
    }
}
