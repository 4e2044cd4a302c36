//! Application services speak for their users with an `as_token`, whatever the endpoint.

use http::Method;
use registrar_domain::model::appservice::{AppService, AppServices, UserNamespace};
use registrar_domain::model::id::Localpart;
use registrar_domain::model::secret::TokenDigest;
use serde_json::{Value, json};

use crate::client::{login, text};
use crate::server::TestServer;

const AS_TOKEN: &str = "irc_token";

/// A server with a service of which `@ircbot` and `@irc_…` are users, and the account `@irc_alice`.
async fn server() -> TestServer {
    let server = TestServer::under(|policy| {
        policy.registration.appservices = AppServices::new(vec![AppService {
            id: "irc".to_owned(),
            token: TokenDigest::of(AS_TOKEN),
            sender: Localpart::read("ircbot").unwrap(),
            namespaces: vec![UserNamespace::new("@irc_.*", true).unwrap()],
            rate_limited: false,
        }]);
    });
    server.registered("carol").await;
    let body = json!({
        "type": "m.login.application_service", "username": "irc_alice", "device_id": "BRIDGE",
    });
    server
        .post_as(AS_TOKEN, "/register", &body)
        .await
        .body_of(200);
    server
}

#[tokio::test]
async fn a_service_speaks_for_its_users_and_for_nobody_else() {
    let server = server().await;
    let rows = [
        ("", Some("@ircbot:example.org")),
        ("?user_id=@ircbot:example.org", Some("@ircbot:example.org")),
        (
            "?user_id=%40irc_alice%3Aexample.org",
            Some("@irc_alice:example.org"),
        ),
        ("?user_id=@irc_nobody:example.org", None),
        ("?user_id=@irc_alice:elsewhere.org", None),
        ("?user_id=@carol:example.org", None),
        ("?user_id=irc_alice", None),
        ("?user_id=%ff", None),
        ("?user_id=", None),
    ];
    for (query, user_id) in rows {
        let path = format!("/account/whoami{query}");
        let answer = server.get_as(AS_TOKEN, &path).await;
        match user_id {
            Some(user_id) => answer.gives(200, &json!({"user_id": user_id, "is_guest": false})),
            None => answer.refuses_with(403, &json!({"errcode": "M_FORBIDDEN"})),
        }
    }
}

/// The device is named by the argument of today or by the one from before it was specified.
#[tokio::test]
async fn a_service_chooses_the_device_of_its_user() {
    let server = server().await;
    let unknown = json!({"errcode": "M_UNKNOWN_DEVICE"});
    for argument in ["device_id", "org.matrix.msc3202.device_id"] {
        let named = |query: &str, device: &str| format!("{query}{argument}={device}");
        let alice = "/account/whoami?user_id=@irc_alice:example.org&";
        let answer = server.get_as(AS_TOKEN, &named(alice, "BRIDGE")).await;
        assert_eq!(answer.body_of(200)["device_id"], "BRIDGE", "{argument}");
        for (query, device) in [
            (alice, "LAPTOP"),
            (alice, ""),
            (alice, "%00"),
            ("/account/whoami?", "BRIDGE"),
        ] {
            let answer = server.get_as(AS_TOKEN, &named(query, device)).await;
            answer.refuses_with(400, &unknown);
        }
        let nobody = "/account/whoami?user_id=@irc_nobody:example.org&";
        let answer = server.get_as(AS_TOKEN, &named(nobody, "BRIDGE")).await;
        answer.refuses_with(403, &json!({"errcode": "M_FORBIDDEN"}));
    }
    let carol = server.logged_in("carol", "PHONE").await;
    let path = "/account/whoami?device_id=LAPTOP";
    let body = server.get_as(text(&carol, "access_token"), path).await;
    assert_eq!(body.body_of(200)["device_id"], "PHONE");
}

#[tokio::test]
async fn a_service_ends_the_login_of_the_device_that_it_chooses() {
    let server = server().await;
    let path = "/logout?user_id=@irc_alice:example.org&device_id=BRIDGE";
    server
        .post_as(AS_TOKEN, path, &json!({}))
        .await
        .body_of(200);
    let answer = server.post_as(AS_TOKEN, path, &json!({})).await;
    answer.refuses_with(400, &json!({"errcode": "M_UNKNOWN_DEVICE"}));
    server.whoami(AS_TOKEN).await.body_of(200);
}

/// Rows: who is named, the status, and the error code or the user ID.
#[tokio::test]
async fn a_service_logs_in_as_its_users_whoever_registered_them() {
    let server = server().await;
    for (user, status, expected) in [
        ("irc_alice", 200, "@irc_alice:example.org"),
        ("@irc_alice:Example.ORG", 200, "@irc_alice:example.org"),
        ("ircbot", 200, "@ircbot:example.org"),
        ("irc_nobody", 404, "M_UNKNOWN"),
        ("@irc_nobody:example.org", 404, "M_UNKNOWN"),
        ("carol", 403, "M_FORBIDDEN"),
        ("nobody", 403, "M_FORBIDDEN"),
        ("@irc_alice:elsewhere.org", 403, "M_FORBIDDEN"),
    ] {
        let body = json!({
            "type": "m.login.application_service",
            "identifier": {"type": "m.id.user", "user": user},
        });
        let body = server
            .post_as(AS_TOKEN, "/login", &body)
            .await
            .body_of(status);
        let found = if status == 200 { "user_id" } else { "errcode" };
        assert_eq!(body[found], expected, "{user}");
    }
}

#[tokio::test]
async fn the_asserted_user_means_nothing_beside_an_access_token() {
    let server = server().await;
    let carol = server.logged_in("carol", "PHONE").await;
    let path = "/account/whoami?user_id=@irc_alice:example.org";
    let body = server.get_as(text(&carol, "access_token"), path).await;
    assert_eq!(body.body_of(200)["user_id"], "@carol:example.org");
}

#[tokio::test]
async fn a_service_cannot_log_out_but_ends_the_logins_of_its_users() {
    let server = server().await;
    let as_alice = "?user_id=@irc_alice:example.org";
    let devices = || async {
        let path = format!("/devices{as_alice}");
        let body = server.get_as(AS_TOKEN, &path).await.body_of(200);
        body["devices"].as_array().unwrap().len()
    };
    assert_eq!(devices().await, 1);
    server
        .post_as(AS_TOKEN, &format!("/logout{as_alice}"), &json!({}))
        .await
        .refuses_with(403, &json!({"errcode": "M_FORBIDDEN"}));
    assert_eq!(devices().await, 1);
    server
        .post_as(AS_TOKEN, &format!("/logout/all{as_alice}"), &json!({}))
        .await
        .body_of(200);
    assert_eq!(devices().await, 0);
    server.whoami(AS_TOKEN).await.body_of(200);
}

#[tokio::test]
async fn a_service_removes_devices_of_its_users_without_a_uia_session() {
    let server = server().await;
    let path = "/devices/BRIDGE?user_id=@irc_alice:example.org";
    server.get_as(AS_TOKEN, path).await.body_of(200);
    let answer = server
        .call(Method::DELETE, path, Some(AS_TOKEN), &Value::Null)
        .await;
    assert_eq!(answer.body_of(200), json!({}));
    server
        .get_as(AS_TOKEN, path)
        .await
        .refuses_with(404, &json!({"errcode": "M_NOT_FOUND"}));
    let several = "/delete_devices?user_id=@irc_alice:example.org";
    let answer = server
        .post_as(AS_TOKEN, several, &json!({"devices": ["A", "B"]}))
        .await;
    assert_eq!(answer.body_of(200), json!({}));
    server
        .post_as(AS_TOKEN, several, &json!({}))
        .await
        .refuses_with(400, &json!({"errcode": "M_MISSING_PARAM"}));
}

#[tokio::test]
async fn a_service_is_no_administrator_and_no_user_with_a_password() {
    let server = server().await;
    let path = "/_synapse/admin/v1/registration_tokens";
    let bearer = format!("Bearer {AS_TOKEN}");
    let answer = server
        .send(Method::GET, path, &[("authorization", &bearer)], "")
        .await;
    answer.refuses_with(403, &json!({"errcode": "M_FORBIDDEN"}));
    server
        .post("/login", &login("irc_alice", json!({})))
        .await
        .refuses_with(403, &json!({"errcode": "M_FORBIDDEN"}));
}
