//! Everything about users under `/_synapse/admin`.

mod change;
mod close;
mod list;
mod logins;
mod lookups;
mod registration_tokens;

use http::Method;
use serde_json::{Value, json};

use crate::client::{login, text};
use crate::server::{Answer, TestServer};

/// A server with an administrator, who is called root.
struct Office {
    server: TestServer,
    token: String,
}

impl Office {
    async fn open() -> Self {
        Self::of(TestServer::new()).await
    }

    async fn of(server: TestServer) -> Self {
        let root = server.registered("root").await;
        server.store.promote("root");
        let token = text(&root, "access_token").to_owned();
        Self { server, token }
    }

    /// What an administrator is answered.
    async fn call(&self, method: Method, path: &str, body: &Value) -> Answer {
        let path = format!("/_synapse/admin/{path}");
        let token = Some(self.token.as_str());
        self.server.call_at(method, &path, token, body).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, &Value::Null).await
    }

    async fn post(&self, path: &str, body: &Value) -> Answer {
        self.call(Method::POST, path, body).await
    }

    async fn put(&self, path: &str, body: &Value) -> Answer {
        self.call(Method::PUT, path, body).await
    }

    /// What administrators see of a user.
    async fn details(&self, user_id: &str) -> Value {
        self.get(&format!("v2/users/{user_id}")).await.body_of(200)
    }

    /// Can a user log in with this password?
    async fn opens(&self, user: &str, password: &str) -> bool {
        let body = login(user, json!({"password": password}));
        self.server.post("/login", &body).await.status == 200
    }
}

/// The endpoints for administrators that are about no user in particular.
const GENERAL: [(Method, &str); 4] = [
    (Method::GET, "v1/username_available?username=x"),
    (Method::GET, "v1/threepid/email/users/a@b"),
    (Method::GET, "v2/users"),
    (Method::GET, "v3/users"),
];

/// The endpoints for administrators that are about a user.
const ABOUT_A_USER: [(Method, &str); 14] = [
    (Method::POST, "v1/deactivate/USER"),
    (Method::PUT, "v1/suspend/USER"),
    (Method::POST, "v1/reset_password/USER"),
    (Method::GET, "v1/users/USER/admin"),
    (Method::PUT, "v1/users/USER/admin"),
    (Method::POST, "v1/users/USER/login"),
    (Method::GET, "v1/users/USER/joined_rooms"),
    (Method::GET, "v2/users/USER"),
    (Method::PUT, "v2/users/USER"),
    (Method::GET, "v2/users/USER/devices"),
    (Method::GET, "v2/users/USER/devices/PHONE"),
    (Method::PUT, "v2/users/USER/devices/PHONE"),
    (Method::DELETE, "v2/users/USER/devices/PHONE"),
    (Method::POST, "v2/users/USER/delete_devices"),
];

/// A body that every endpoint takes.
fn plausible() -> Value {
    json!({"admin": true, "new_password": "x", "devices": [], "suspend": false})
}

#[tokio::test]
async fn nobody_else_administers_anybody() {
    let office = Office::open().await;
    let alice = office.server.registered("alice").await;
    let guest = office.server.post("/register?kind=guest", &json!({})).await;
    let guest = guest.body_of(200);
    // Not even with the mark of an administrator.
    office.server.store.promote(&text(&guest, "user_id")[1..2]);
    let before = office.details("@alice:example.org").await;
    for (method, path) in GENERAL.into_iter().chain(ABOUT_A_USER) {
        let path = path.replace("USER", "@alice:example.org");
        let path = format!("/_synapse/admin/{path}");
        let call = async |token: Option<&str>| {
            let method = method.clone();
            office
                .server
                .call_at(method, &path, token, &plausible())
                .await
        };
        call(None).await.refuses(401, "M_MISSING_TOKEN");
        let unknown = json!({"errcode": "M_UNKNOWN_TOKEN", "soft_logout": false});
        call(Some("syt_x")).await.refuses_with(401, &unknown);
        for somebody in [&alice, &guest] {
            let token = text(somebody, "access_token");
            call(Some(token)).await.refuses(403, "M_FORBIDDEN");
        }
    }
    assert_eq!(office.details("@alice:example.org").await, before);
    let token = text(&alice, "access_token");
    office.server.whoami(token).await.body_of(200);
}

#[tokio::test]
async fn an_unknown_user_is_not_found_whatever_else_is_wrong() {
    let office = Office::open().await;
    let token = format!("Bearer {}", office.token);
    let headers = [("authorization", token.as_str())];
    let wrong = r#"{"admin":1,"new_password":[],"devices":"x","suspend":"yes","erase":0,
        "valid_until_ms":"soon","display_name":7}"#;
    for body in [wrong, "{}", "[]", "{", "", "\u{FEFF}"] {
        for (method, path) in ABOUT_A_USER {
            // Somebody who is not there is made.
            if (&method, path) == (&Method::PUT, "v2/users/USER") {
                continue;
            }
            let path = path.replace("USER", "@nobody:example.org");
            let path = format!("/_synapse/admin/{path}");
            let answer = office.server.send(method, &path, &headers, body).await;
            answer.refuses(404, "M_NOT_FOUND");
        }
    }
}

#[tokio::test]
async fn users_are_named_by_their_whole_user_id() {
    let office = Office::open().await;
    let rows = [
        ("@alice:elsewhere.org", 400, "M_UNKNOWN"),
        ("@alice:example.org:8448", 400, "M_UNKNOWN"),
        ("@alice:EXAMPLE.org", 400, "M_UNKNOWN"),
        ("alice", 400, "M_INVALID_PARAM"),
        ("@alice", 400, "M_INVALID_PARAM"),
        ("%40", 400, "M_INVALID_PARAM"),
        ("", 400, "M_INVALID_PARAM"),
        ("@nobody:example.org", 404, "M_NOT_FOUND"),
        ("@:example.org", 404, "M_NOT_FOUND"),
        ("@a%00b:example.org", 404, "M_NOT_FOUND"),
        ("%40ROOT%3Aexample.org", 404, "M_NOT_FOUND"),
    ];
    for (user_id, status, errcode) in rows {
        for (method, path) in ABOUT_A_USER {
            // A user who is not there is created.
            if status == 404 && (&method, path) == (&Method::PUT, "v2/users/USER") {
                continue;
            }
            let path = path.replace("USER", user_id);
            let answer = office.call(method, &path, &plausible()).await;
            answer.refuses(status, errcode);
        }
    }
    let answer = office.get("v2/users/%40root%3Aexample.org").await;
    assert_eq!(answer.body_of(200)["name"], "@root:example.org");
}
