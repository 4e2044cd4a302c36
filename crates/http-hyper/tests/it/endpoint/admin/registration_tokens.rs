//! `/_synapse/admin/v1/registration_tokens`

use http::Method;
use serde_json::{Value, json};

use super::Office;
use crate::client::text;

const TOKENS: &str = "v1/registration_tokens";
const NEW: &str = "v1/registration_tokens/new";
const NAMED: &str = "v1/registration_tokens/named";

#[tokio::test]
async fn tokens_are_made_with_the_limits_that_are_asked_for() {
    let office = Office::open().await;
    let expected = json!({
        "token": "named",
        "uses_allowed": 2,
        "pending": 0,
        "completed": 0,
        "expiry_time": 1_700_000_000_000_i64,
    });
    let body = json!({"token": "named", "length": 5, "uses_allowed": 2,
        "expiry_time": 1_700_000_000_000_i64});
    office.post(NEW, &body).await.gives(200, &expected);
    office.get(NAMED).await.gives(200, &expected);
    office
        .post(NEW, &body)
        .await
        .refuses(400, "M_INVALID_PARAM");
    for (body, length) in [
        (json!({}), 16),
        (
            json!({"length": null, "uses_allowed": null, "expiry_time": null}),
            16,
        ),
        (json!({"length": 1}), 1),
        (json!({"length": 64, "uses_allowed": 2_147_483_647}), 64),
    ] {
        let made = office.post(NEW, &body).await.body_of(200);
        assert_eq!(text(&made, "token").len(), length, "{body}");
        let uses = body.get("uses_allowed").unwrap_or(&Value::Null);
        assert_eq!(
            (&made["uses_allowed"], &made["expiry_time"]),
            (uses, &Value::Null)
        );
    }
}

#[tokio::test]
async fn only_the_limits_that_are_sent_change() {
    let office = Office::open().await;
    let body = json!({"token": "named", "uses_allowed": 2, "expiry_time": 1_700_000_001_000_i64});
    office.post(NEW, &body).await.body_of(200);
    for (changes, uses_allowed, expiry_time) in [
        (json!({}), json!(2), json!(1_700_000_001_000_i64)),
        (
            json!({"uses_allowed": 0}),
            json!(0),
            json!(1_700_000_001_000_i64),
        ),
        (json!({"expiry_time": null}), json!(0), Value::Null),
        (json!({"uses_allowed": null}), Value::Null, Value::Null),
    ] {
        let changed = office.put(NAMED, &changes).await.body_of(200);
        let limits = (&changed["uses_allowed"], &changed["expiry_time"]);
        assert_eq!(limits, (&uses_allowed, &expiry_time), "{changes}");
    }
    let answer = office
        .put("v1/registration_tokens/unknown", &json!({}))
        .await;
    answer.refuses(404, "M_NOT_FOUND");
    let removed = office.call(Method::DELETE, NAMED, &Value::Null).await;
    removed.gives(200, &json!({}));
    office.get(NAMED).await.refuses(404, "M_NOT_FOUND");
}

#[tokio::test]
async fn valid_and_invalid_tokens_are_listed() {
    let office = Office::open().await;
    for body in [
        json!({"token": "good"}),
        json!({"token": "spent", "uses_allowed": 0}),
    ] {
        office.post(NEW, &body).await.body_of(200);
    }
    for (query, expected) in [
        ("", vec!["good", "spent"]),
        ("?valid=true", vec!["good"]),
        ("?valid=false", vec!["spent"]),
    ] {
        let listed = office.get(&format!("{TOKENS}{query}")).await.body_of(200);
        let tokens = listed["registration_tokens"].as_array().unwrap().iter();
        let names: Vec<_> = tokens.map(|it| text(it, "token")).collect();
        assert_eq!(names, expected, "{query}");
    }
    for value in ["yes", "", "TRUE", "1", "%C3%BC"] {
        let answer = office.get(&format!("{TOKENS}?valid={value}")).await;
        answer.refuses(400, "M_INVALID_PARAM");
        let error = answer.json()["error"].clone();
        assert!(error.as_str().unwrap().contains("`valid`"), "{error}");
    }
}

#[tokio::test]
async fn tokens_that_cannot_be_are_not_made() {
    let office = Office::open().await;
    let values =
        |name: &'static str, values: Vec<Value>| values.into_iter().map(move |value| (name, value));
    let rows = values(
        "token",
        vec![
            Value::Null,
            json!(1),
            json!(""),
            json!("a b"),
            json!("a".repeat(65)),
        ],
    )
    .chain(values(
        "length",
        vec![json!(0), json!(65), json!(-1), json!("8"), json!(1.5)],
    ))
    .chain(values(
        "uses_allowed",
        vec![
            json!(-1),
            json!(2_147_483_648_i64),
            json!(i64::MAX),
            json!("1"),
            json!(true),
        ],
    ))
    .chain(values(
        "expiry_time",
        vec![
            json!(1),
            json!(1_699_999_999_999_i64),
            json!("soon"),
            json!([]),
        ],
    ));
    for (name, value) in rows {
        let answer = office.post(NEW, &json!({ name: value })).await;
        answer.refuses(400, "M_INVALID_PARAM");
        let error = answer.json()["error"].clone();
        let names = format!("`{name}`");
        assert!(
            error.as_str().unwrap().contains(&names),
            "{name} {value}: {error}"
        );
        // Whether a token exists is asked last.
        if name == "uses_allowed" || name == "expiry_time" {
            let answer = office.put(NAMED, &json!({ name: value })).await;
            answer.refuses(400, "M_INVALID_PARAM");
        }
    }
    for (body, errcode) in [(json!([]), "M_BAD_JSON"), (Value::Null, "M_NOT_JSON")] {
        office.post(NEW, &body).await.refuses(400, errcode);
    }
    let listed = office.get(TOKENS).await;
    listed.gives(200, &json!({"registration_tokens": []}));
}
