//! `POST /_matrix/client/v3/account/deactivate`

use http::Method;
use registrar_domain::model::appservice::{AppService, AppServices, UserNamespace};
use registrar_domain::model::id::Localpart;
use registrar_domain::model::secret::TokenDigest;
use serde_json::{Value, json};

use crate::client::{PASSWORD, text};
use crate::mails::{ADDRESS, password};
use crate::server::TestServer;

const PATH: &str = "/account/deactivate";

#[tokio::test]
async fn closing_an_account_takes_the_password_and_is_for_good() {
    let server = TestServer::new();
    let alice = server.registered("alice").await;
    let token = text(&alice, "access_token");
    server.given_address(token, ADDRESS).await;
    let prompt = json!({
        "session": "<session>",
        "flows": [{"stages": ["m.login.password"]}],
        "params": {},
    });
    let answer = server.post_as(token, PATH, &json!({"erase": true})).await;
    answer.gives(401, &prompt);
    let session = answer.json()["session"].clone();
    let body = json!({"auth": password(&session, "alice", "wrong")});
    server.post_as(token, PATH, &body).await.body_of(401);
    assert!(server.opens_as_before("alice").await);

    let body = json!({"auth": password(&session, "alice", PASSWORD)});
    let answer = server.post_as(token, PATH, &body).await;
    answer.gives(200, &json!({"id_server_unbind_result": "no-support"}));
    let unknown = json!({"errcode": "M_UNKNOWN_TOKEN", "soft_logout": false});
    server.whoami(token).await.refuses_with(401, &unknown);
    server
        .post_as(token, PATH, &body)
        .await
        .refuses_with(401, &unknown);
    let login = crate::client::login("alice", json!({}));
    let answer = server.post("/login", &login).await;
    answer.refuses(403, "M_USER_DEACTIVATED");
    let again = crate::client::registration("alice", json!({}));
    let answer = server.post("/register", &again).await;
    answer.refuses(400, "M_USER_IN_USE");
    let bob = server.registered("bob").await;
    let bob = text(&bob, "access_token");
    server.given_address(bob, ADDRESS).await;
}

#[tokio::test]
async fn an_account_without_addresses_has_nothing_to_unbind() {
    let server = TestServer::new();
    let alice = server.registered("alice").await;
    let token = text(&alice, "access_token");
    let body = json!({"auth": password(&Value::Null, "alice", PASSWORD)});
    let answer = server.post_as(token, PATH, &body).await;
    answer.gives(200, &json!({"id_server_unbind_result": "success"}));
}

#[tokio::test]
async fn refusals() {
    let server = TestServer::new();
    let alice = server.registered("alice").await;
    let bob = server.registered("bob").await;
    let guest = server.post("/register?kind=guest", &json!({})).await.json();
    let (alice, bob) = (text(&alice, "access_token"), text(&bob, "access_token"));
    let prompt = server.post_as(alice, PATH, &json!({})).await;
    let session = prompt.body_of(401)["session"].clone();
    let good = json!({"auth": password(&session, "alice", PASSWORD)});
    let by_bob = json!({"auth": password(&session, "bob", PASSWORD)});
    let rows = [
        (Some(alice), Value::Null, 400, "M_NOT_JSON"),
        (Some(alice), json!([]), 400, "M_BAD_JSON"),
        (Some(alice), json!({"erase": "yes"}), 400, "M_INVALID_PARAM"),
        (Some(alice), json!({"erase": null}), 400, "M_INVALID_PARAM"),
        (Some(alice), json!({"id_server": 1}), 400, "M_INVALID_PARAM"),
        (Some(alice), json!({"auth": 1}), 400, "M_BAD_JSON"),
        (Some(alice), by_bob.clone(), 403, "M_FORBIDDEN"),
        (Some(bob), good.clone(), 403, "M_FORBIDDEN"),
        (Some(bob), by_bob, 403, "M_FORBIDDEN"),
        (None, good, 401, "M_MISSING_TOKEN"),
        (
            Some(text(&guest, "access_token")),
            json!({}),
            403,
            "M_GUEST_ACCESS_FORBIDDEN",
        ),
    ];
    for (token, body, status, errcode) in rows {
        let answer = server.call(Method::POST, PATH, token, &body).await;
        answer.refuses(status, errcode);
    }
    for user in ["alice", "bob"] {
        assert!(server.opens_as_before(user).await);
    }
}

#[tokio::test]
async fn an_application_service_closes_its_own_accounts() {
    let server = TestServer::under(|it| {
        it.registration.appservices = AppServices::new(vec![AppService {
            id: "irc".to_owned(),
            token: TokenDigest::of("irc_token"),
            sender: Localpart::read("ircbot").unwrap(),
            namespaces: vec![UserNamespace::new("@irc_.*", true).unwrap()],
            rate_limited: false,
        }]);
    });
    server.registered("alice").await;
    let ghost = json!({"type": "m.login.application_service", "username": "irc_x"});
    let ghost = server.post_as("irc_token", "/register", &ghost).await;
    let ghost = ghost.body_of(200);
    let close = async |user_id: &str| {
        let path = format!("{PATH}?user_id={user_id}");
        server.post_as("irc_token", &path, &json!({})).await
    };
    close("@alice:example.org")
        .await
        .refuses(403, "M_FORBIDDEN");
    close("@irc_nobody:example.org")
        .await
        .refuses(403, "M_FORBIDDEN");
    close("%C3%BC").await.refuses(403, "M_FORBIDDEN");
    close("@irc_x:example.org").await.gives(200, &json!({}));
    let answer = server.whoami(text(&ghost, "access_token")).await;
    assert_eq!(answer.status, 401);
    assert!(server.opens_as_before("alice").await);
}
