//! `POST /_matrix/client/v3/account/password`

use registrar_domain::model::password::strength::StrengthRules;
use serde_json::{Value, json};

use crate::client::{PASSWORD, text};
use crate::mails::{
    ADDITION, ADDRESS, PASSWORD_RESET, REGISTRATION, SECRET, email_proof, password,
};
use crate::server::{Answer, TestServer};

const PATH: &str = "/account/password";
const NEW: &str = "Another-Passw0rd";

async fn post(server: &TestServer, token: Option<&str>, body: &Value) -> Answer {
    server.call(http::Method::POST, PATH, token, body).await
}

/// A UIA session that has just begun.
async fn session(server: &TestServer, token: Option<&str>, body: &Value) -> Value {
    let prompt = post(server, token, body).await.body_of(401);
    prompt["session"].clone()
}

#[tokio::test]
async fn changing_it_takes_the_old_one_and_ends_the_other_logins() {
    let server = TestServer::new();
    let alice = server.registered("alice").await;
    let desk = server.logged_in("alice", "DESK").await;
    let token = text(&alice, "access_token");
    let prompt = json!({
        "session": "<session>",
        "flows": [{"stages": ["m.login.password"]}],
        "params": {},
    });
    let answer = post(&server, Some(token), &json!({"new_password": NEW})).await;
    answer.gives(401, &prompt);
    let session = answer.json()["session"].clone();
    let body = json!({"new_password": NEW, "auth": password(&session, "alice", "wrong")});
    let failed = post(&server, Some(token), &body).await.body_of(401);
    assert_eq!(failed["errcode"], "M_FORBIDDEN");

    // The new one need not be sent again.
    let body = json!({"auth": password(&session, "alice", PASSWORD)});
    post(&server, Some(token), &body)
        .await
        .gives(200, &json!({}));
    server.whoami(token).await.body_of(200);
    let gone = server.whoami(text(&desk, "access_token")).await;
    gone.refuses_with(
        401,
        &json!({"errcode": "M_UNKNOWN_TOKEN", "soft_logout": false}),
    );
    assert!(server.opens("alice", NEW).await);
    assert!(!server.opens_as_before("alice").await);
    // One UIA session, one password.
    let body = json!({"new_password": "third", "auth": {"session": session}});
    post(&server, Some(token), &body)
        .await
        .refuses(400, "M_UNKNOWN");
    assert!(server.opens("alice", NEW).await);
}

#[tokio::test]
async fn other_logins_stay_if_the_client_says_so() {
    let server = TestServer::new();
    let alice = server.registered("alice").await;
    let desk = server.logged_in("alice", "DESK").await;
    let token = text(&alice, "access_token");
    let body = json!({"new_password": NEW, "logout_devices": false});
    let session = session(&server, Some(token), &body).await;
    let body = json!({"new_password": NEW, "auth": password(&session, "alice", PASSWORD)});
    post(&server, Some(token), &body)
        .await
        .gives(200, &json!({}));
    server
        .whoami(text(&desk, "access_token"))
        .await
        .body_of(200);
}

#[tokio::test]
async fn whoever_reads_the_mail_of_the_account_resets_it() {
    let server = TestServer::new();
    let alice = server.registered("alice").await;
    let token = text(&alice, "access_token");
    server.given_address(token, ADDRESS).await;
    let prompt = json!({
        "session": "<session>",
        "flows": [{"stages": ["m.login.email.identity"]}],
        "params": {},
    });
    let answer = post(&server, None, &json!({"new_password": NEW})).await;
    answer.gives(401, &prompt);
    let session = answer.json()["session"].clone();
    let sid = server
        .mailed(
            PASSWORD_RESET,
            &crate::mails::email_request("ALICE@example.org", json!({})),
        )
        .await;
    let body = json!({"new_password": NEW, "auth": email_proof(&session, &sid, SECRET)});
    // Element asks again and again until somebody has opened the link.
    for _poll in 0..2 {
        let waiting = post(&server, None, &body).await.body_of(401);
        assert_eq!(waiting["errcode"], "M_UNAUTHORIZED");
    }
    server.open_link().await;
    post(&server, None, &body).await.gives(200, &json!({}));
    assert!(server.opens("alice", NEW).await);
    assert!(!server.opens_as_before("alice").await);
    server.whoami(token).await.refuses_with(
        401,
        &json!({"errcode": "M_UNKNOWN_TOKEN", "soft_logout": false}),
    );
    post(&server, None, &body).await.refuses(400, "M_UNKNOWN");
}

#[tokio::test]
async fn other_proofs_reset_nothing() {
    let server = TestServer::new();
    let alice = server.registered("alice").await;
    server.registered("bob").await;
    server
        .given_address(text(&alice, "access_token"), ADDRESS)
        .await;
    let sid = server.validated(PASSWORD_RESET, ADDRESS).await;
    let registering = server.validated(REGISTRATION, "bob@example.org").await;
    let adding = server.validated(ADDITION, "bob@example.org").await;
    let session = session(&server, None, &json!({"new_password": NEW})).await;
    let rows = [
        (&*sid, "another"),
        ("nosuch", SECRET),
        (&registering, SECRET),
        (&adding, SECRET),
    ];
    for (sid, secret) in rows {
        let body = json!({"new_password": NEW, "auth": email_proof(&session, sid, secret)});
        let failed = post(&server, None, &body).await.body_of(401);
        assert_eq!(failed["errcode"], "M_UNAUTHORIZED", "{sid}");
    }
    for auth in [
        password(&session, "alice", PASSWORD),
        json!({"type": "m.login.dummy", "session": session}),
    ] {
        let body = json!({"new_password": NEW, "auth": auth});
        assert_eq!(post(&server, None, &body).await.status, 400);
    }
    for user in ["alice", "bob"] {
        assert!(server.opens_as_before(user).await);
    }
}

#[tokio::test]
async fn an_address_that_nobody_has_is_not_found() {
    let server = TestServer::new();
    let alice = server.registered("alice").await;
    let token = text(&alice, "access_token");
    server.given_address(token, ADDRESS).await;
    let sid = server.validated(PASSWORD_RESET, ADDRESS).await;
    let body = json!({"medium": "email", "address": ADDRESS});
    let answer = server.post_as(token, "/account/3pid/delete", &body).await;
    answer.body_of(200);
    let session = session(&server, None, &json!({})).await;
    let body = json!({"new_password": NEW, "auth": email_proof(&session, &sid, SECRET)});
    post(&server, None, &body).await.refuses(404, "M_NOT_FOUND");
}

#[tokio::test]
async fn a_uia_session_belongs_to_the_login_that_opened_it() {
    let server = TestServer::new();
    let alice = server.registered("alice").await;
    let bob = server.registered("bob").await;
    let (alice, bob) = (text(&alice, "access_token"), text(&bob, "access_token"));
    let hers = session(&server, Some(alice), &json!({"new_password": NEW})).await;
    let nobodys = session(&server, None, &json!({"new_password": NEW})).await;
    let rows = [
        (Some(bob), password(&hers, "bob", PASSWORD)),
        (Some(alice), password(&hers, "bob", PASSWORD)),
        (None, email_proof(&hers, "1", SECRET)),
        (Some(bob), password(&nobodys, "bob", PASSWORD)),
    ];
    for (token, auth) in rows {
        let body = json!({"new_password": NEW, "auth": auth});
        post(&server, token, &body)
            .await
            .refuses(403, "M_FORBIDDEN");
    }
    let elsewhere = json!({"auth": password(&hers, "alice", PASSWORD)});
    let answer = server
        .post_as(alice, "/account/deactivate", &elsewhere)
        .await;
    answer.refuses(403, "M_UNKNOWN");
    for user in ["alice", "bob"] {
        assert!(server.opens_as_before(user).await);
    }
}

#[tokio::test]
async fn complaints_come_in_the_order_of_synapse() {
    let server = TestServer::under(|it| {
        it.password.strength = Some(StrengthRules {
            minimum_length: Some(8),
            ..StrengthRules::default()
        });
    });
    let long = "p".repeat(513);
    // The password is complained about before the token, and both before the UIA session.
    let rows = [
        (Value::Null, 400, "M_NOT_JSON"),
        (json!([]), 400, "M_BAD_JSON"),
        (json!({"new_password": 1, "auth": 1}), 400, "M_UNKNOWN"),
        (json!({"new_password": long}), 400, "M_UNKNOWN"),
        (
            json!({"new_password": "nul\0nul\0nul"}),
            400,
            "M_INVALID_PARAM",
        ),
        (
            json!({"new_password": "short"}),
            400,
            "M_PASSWORD_TOO_SHORT",
        ),
        (json!({"new_password": ""}), 400, "M_PASSWORD_TOO_SHORT"),
        (json!({"logout_devices": "no"}), 400, "M_INVALID_PARAM"),
        (json!({"logout_devices": null}), 400, "M_INVALID_PARAM"),
    ];
    for (body, status, errcode) in rows {
        for token in [None, Some("syt_x")] {
            post(&server, token, &body).await.refuses(status, errcode);
        }
    }
    let body = json!({"auth": 1});
    let unknown = json!({"errcode": "M_UNKNOWN_TOKEN", "soft_logout": false});
    post(&server, Some("syt_x"), &body)
        .await
        .refuses_with(401, &unknown);
    let headers = [("authorization", "Basic x")];
    let path = "/_matrix/client/v3/account/password";
    let answer = server.send(http::Method::POST, path, &headers, "{}").await;
    answer.refuses(401, "M_MISSING_TOKEN");
    for (auth, status, errcode) in [
        (json!(1), 400, "M_BAD_JSON"),
        (json!({"session": 1}), 400, "M_BAD_JSON"),
        (json!({"session": "nosuch"}), 400, "M_UNKNOWN"),
    ] {
        let body = json!({"auth": auth});
        post(&server, None, &body).await.refuses(status, errcode);
    }
    // No password at all is noticed last.
    let alice = server.registered("alice").await;
    let token = Some(text(&alice, "access_token"));
    let session = session(&server, token, &json!({"new_password": null})).await;
    let body = json!({"auth": password(&session, "alice", PASSWORD)});
    post(&server, token, &body)
        .await
        .refuses(400, "M_MISSING_PARAM");
}

#[tokio::test]
async fn where_passwords_are_off_none_is_set() {
    let server = TestServer::under(|it| it.password.reauth_enabled = false);
    let alice = server.registered("alice").await;
    let token = text(&alice, "access_token");
    server.given_address(token, ADDRESS).await;
    let prompt = post(&server, Some(token), &json!({"new_password": NEW})).await;
    assert_eq!(prompt.body_of(401)["flows"], json!([]));
    let sid = server.validated(PASSWORD_RESET, ADDRESS).await;
    let session = session(&server, None, &json!({})).await;
    let body = json!({"new_password": NEW, "auth": email_proof(&session, &sid, SECRET)});
    post(&server, None, &body).await.refuses(403, "M_FORBIDDEN");
}

/// `password_config.enabled: only_for_reauth`.
#[tokio::test]
async fn passwords_that_open_no_login_still_confirm() {
    let server = TestServer::under(|it| it.password.login_enabled = false);
    let alice = server.registered("alice").await;
    let token = Some(text(&alice, "access_token"));
    let prompt = post(&server, token, &json!({"new_password": NEW})).await;
    let prompt = prompt.body_of(401);
    assert_eq!(prompt["flows"], json!([{"stages": ["m.login.password"]}]));
    let wrong = password(&prompt["session"], "alice", "wrong");
    let answer = post(&server, token, &json!({"auth": wrong})).await;
    assert_eq!(answer.body_of(401)["errcode"], "M_FORBIDDEN");
    let auth = password(&prompt["session"], "alice", PASSWORD);
    post(&server, token, &json!({"auth": auth}))
        .await
        .gives(200, &json!({}));
}

#[tokio::test]
async fn guests_have_no_password_to_change() {
    let server = TestServer::new();
    let guest = server.post("/register?kind=guest", &json!({})).await.json();
    let token = Some(text(&guest, "access_token"));
    let body = json!({"new_password": NEW});
    let answer = post(&server, token, &body).await;
    answer.refuses(403, "M_GUEST_ACCESS_FORBIDDEN");
}
