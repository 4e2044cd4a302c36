//! What clients do, in few words, and what they make of the answers.
//!
//! [`Answer::gives`] and [`Answer::refuses`] compare everything that a client can rely on: status,
//! headers, and each key and value of the body. What is random is shown as what it is, for example
//! as `<access token>`; the text of an error is for people and not compared.

use http::Method;
use registrar_domain::model::token::{AccessToken, RefreshToken};
use serde_json::{Value, json};

use crate::server::{Answer, TestServer};

pub(crate) const PASSWORD: &str = "Secret-Passw0rd";

/// The headers of every JSON answer; see `headers.rs` for the values of those for web clients.
const JSON_HEADERS: [&str; 8] = [
    "access-control-allow-headers",
    "access-control-allow-methods",
    "access-control-allow-origin",
    "access-control-expose-headers",
    "cache-control",
    "content-type",
    "date",
    "x-request-id",
];

impl TestServer {
    /// Sends a request to a path below `/_matrix/client/v3`; [`Value::Null`] is no body at all.
    pub(crate) async fn call(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: &Value,
    ) -> Answer {
        let path = format!("/_matrix/client/v3{path}");
        self.call_at(method, &path, token, body).await
    }

    /// Sends a request to a whole path; [`Value::Null`] is no body at all.
    pub(crate) async fn call_at(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: &Value,
    ) -> Answer {
        let bearer = token.map(|token| format!("Bearer {token}"));
        let headers: Vec<_> = bearer
            .iter()
            .map(|it| ("authorization", it.as_str()))
            .collect();
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        self.send(method, path, &headers, body).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.call(Method::POST, path, None, body).await
    }

    pub(crate) async fn post_as(&self, token: &str, path: &str, body: &Value) -> Answer {
        self.call(Method::POST, path, Some(token), body).await
    }

    pub(crate) async fn get_as(&self, token: &str, path: &str) -> Answer {
        self.call(Method::GET, path, Some(token), &Value::Null)
            .await
    }

    /// Registers somebody whose device is called `PHONE`. The body of the answer.
    pub(crate) async fn registered(&self, username: &str) -> Value {
        let body = registration(username, json!({"device_id": "PHONE"}));
        self.post("/register", &body).await.body_of(200)
    }

    /// Logs somebody in on a device. The body of the answer.
    pub(crate) async fn logged_in(&self, user: &str, device_id: &str) -> Value {
        let body = login(user, json!({"device_id": device_id}));
        self.post("/login", &body).await.body_of(200)
    }

    /// What `/account/whoami` says about a token.
    pub(crate) async fn whoami(&self, token: &str) -> Answer {
        self.get_as(token, "/account/whoami").await
    }
}

/// `POST /register` in one request, with these fields besides or instead.
pub(crate) fn registration(username: &str, others: Value) -> Value {
    let body = json!({
        "username": username,
        "password": PASSWORD,
        "auth": {"type": "m.login.dummy"},
    });
    with(body, others)
}

/// `POST /login` with the password, with these fields besides or instead.
pub(crate) fn login(user: &str, others: Value) -> Value {
    let body = json!({
        "type": "m.login.password",
        "identifier": {"type": "m.id.user", "user": user},
        "password": PASSWORD,
    });
    with(body, others)
}

/// An object with the fields of another one besides or instead.
pub(crate) fn with(mut body: Value, others: Value) -> Value {
    let Value::Object(others) = others else {
        panic!("fields make an object")
    };
    for (key, value) in others {
        body[key] = value;
    }
    body
}

/// A string field of an answer.
#[track_caller]
pub(crate) fn text<'a>(body: &'a Value, key: &str) -> &'a str {
    let value = body[key].as_str();
    value.unwrap_or_else(|| panic!("no text at `{key}` in {body}"))
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {}", self.body))
    }

    /// The body of an answer that has this status and all the headers it should have.
    #[track_caller]
    pub(crate) fn body_of(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        let body = self.json();
        let mut expected = JSON_HEADERS.to_vec();
        if let Some(milliseconds) = body.get("retry_after_ms") {
            let seconds = milliseconds.as_u64().unwrap().div_ceil(1000);
            assert_eq!(self.headers["retry-after"], seconds.to_string());
            expected.push("retry-after");
        }
        let mut names: Vec<_> = self.headers.keys().map(http::HeaderName::as_str).collect();
        names.sort_unstable();
        expected.sort_unstable();
        assert_eq!(names, expected);
        assert_eq!(self.headers["content-type"], "application/json");
        assert_eq!(self.headers["access-control-allow-origin"], "*");
        let cache = "no-cache, no-store, must-revalidate";
        assert_eq!(self.headers["cache-control"], cache);
        body
    }

    /// Is the answer exactly this, apart from what is random?
    #[track_caller]
    pub(crate) fn gives(&self, status: u16, expected: &Value) {
        assert_eq!(masked(self.body_of(status)), *expected);
    }

    /// Is it a refusal with this code and nothing else?
    #[track_caller]
    pub(crate) fn refuses(&self, status: u16, errcode: &str) {
        self.refuses_with(status, &json!({"errcode": errcode}));
    }

    /// Is it a refusal with these keys, besides the text for people?
    #[track_caller]
    pub(crate) fn refuses_with(&self, status: u16, expected: &Value) {
        let mut body = self.body_of(status);
        let error = body.as_object_mut().unwrap().remove("error");
        assert!(
            error
                .as_ref()
                .and_then(Value::as_str)
                .is_some_and(|it| !it.is_empty()),
            "{}",
            self.body
        );
        assert_eq!(body, *expected, "{error:?}");
    }
}

/// A body with what is random shown as what it is.
fn masked(mut body: Value) -> Value {
    let fields = body.as_object_mut().into_iter().flatten();
    for (key, value) in fields {
        let Some(text) = value.as_str() else { continue };
        let mask = match key.as_str() {
            "access_token" if AccessToken::parse(text).is_some() => "<access token>",
            "refresh_token" if RefreshToken::parse(text).is_some() => "<refresh token>",
            "device_id" if is_made_of(text, 10, |b| b.is_ascii_uppercase()) => "<device ID>",
            "session" if is_made_of(text, 24, |b| b.is_ascii_alphabetic()) => "<session>",
            _ => continue,
        };
        *value = mask.into();
    }
    body
}

fn is_made_of(text: &str, length: usize, kind: impl Fn(u8) -> bool) -> bool {
    text.len() == length && text.bytes().all(kind)
}
