//! `POST /_synapse/admin/v1/deactivate`, `/reset_password`, `GET` and `PUT /users/{userId}/admin`

use http::Method;
use serde_json::{Value, json};

use super::Office;
use crate::client::{PASSWORD, text};
use crate::server::TestServer;

const DEACTIVATE: &str = "v1/deactivate/@alice:example.org";
const SUSPEND: &str = "v1/suspend/@alice:example.org";
const RESET: &str = "v1/reset_password/@alice:example.org";
const ADMIN: &str = "v1/users/@alice:example.org/admin";

fn gone() -> Value {
    json!({"errcode": "M_UNKNOWN_TOKEN", "soft_logout": false})
}

#[tokio::test]
async fn a_deactivated_account_has_nothing_left_but_its_name() {
    let office = Office::open().await;
    let alice = office.server.registered("alice").await;
    let puppet = office
        .post("v1/users/@alice:example.org/login", &json!({}))
        .await;
    let puppet = puppet.body_of(200);
    let threepids = json!({"threepids": [{"medium": "email", "address": "a@b"}]});
    office
        .put("v2/users/@alice:example.org", &threepids)
        .await
        .body_of(200);

    let answer = office.post(DEACTIVATE, &Value::Null).await;
    answer.gives(200, &json!({"id_server_unbind_result": "no-support"}));
    let details = office.details("@alice:example.org").await;
    assert_eq!(details["deactivated"], true);
    assert_eq!(details["threepids"], json!([]));
    assert_eq!(details["displayname"], "alice");
    for tokens in [&alice, &puppet] {
        let answer = office.server.whoami(text(tokens, "access_token")).await;
        answer.refuses_with(401, &gone());
    }
    let devices = office.get("v2/users/@alice:example.org/devices").await;
    devices.gives(200, &json!({"devices": [], "total": 0}));
    assert!(!office.opens("alice", PASSWORD).await);
    let answer = office.get("v1/username_available?username=alice").await;
    answer.refuses(400, "M_USER_IN_USE");
    office
        .put("v2/users/@bob:example.org", &threepids)
        .await
        .body_of(201);

    // Once more does no harm, and erasing takes the display name.
    let answer = office.post(DEACTIVATE, &json!({"erase": true})).await;
    answer.gives(200, &json!({"id_server_unbind_result": "success"}));
    let details = office.details("@alice:example.org").await;
    assert_eq!(details["displayname"], Value::Null);
    assert_eq!(details["erased"], true);
    let listed = office.get("v3/users?deactivated=true").await.body_of(200);
    assert_eq!(listed["users"][0]["erased"], true);
    // Reactivating takes the mark away, not what was erased.
    let reactivated = json!({"deactivated": false});
    let path = "v2/users/@alice:example.org";
    let answer = office.put(path, &reactivated).await.body_of(200);
    assert_eq!(
        (&answer["erased"], &answer["displayname"]),
        (&json!(false), &Value::Null)
    );
}

#[tokio::test]
async fn a_suspension_is_kept_and_lifted() {
    let office = Office::open().await;
    let alice = office.server.registered("alice").await;
    for suspend in [true, true, false] {
        let answer = office.put(SUSPEND, &json!({"suspend": suspend})).await;
        answer.gives(200, &json!({"user_@alice:example.org_suspended": suspend}));
        let details = office.details("@alice:example.org").await;
        assert_eq!(details["suspended"], suspend);
        let listed = office.get("v2/users?name=alice").await.body_of(200);
        assert_eq!(listed["users"][0]["suspended"], suspend);
        // A suspended user may log in and look after the account.
        let token = text(&alice, "access_token");
        office.server.whoami(token).await.body_of(200);
        assert!(office.opens("alice", PASSWORD).await);
    }
    let rows = [
        (json!({}), "M_MISSING_PARAM"),
        (json!({"suspend": null}), "M_BAD_JSON"),
        (json!({"suspend": "true"}), "M_BAD_JSON"),
        (json!({"suspend": 1}), "M_BAD_JSON"),
        (Value::Null, "M_NOT_JSON"),
    ];
    for (body, errcode) in rows {
        office.put(SUSPEND, &body).await.refuses(400, errcode);
    }
    assert_eq!(
        office.details("@alice:example.org").await["suspended"],
        false
    );
}

#[tokio::test]
async fn what_deactivates_nobody() {
    let office = Office::open().await;
    let alice = office.server.registered("alice").await;
    let rows = [
        (json!({"erase": "yes"}), "M_BAD_JSON"),
        (json!({"erase": 1}), "M_BAD_JSON"),
        (json!({"erase": null}), "M_BAD_JSON"),
        (json!([]), "M_BAD_JSON"),
        (json!("x"), "M_BAD_JSON"),
    ];
    for (body, errcode) in rows {
        office.post(DEACTIVATE, &body).await.refuses(400, errcode);
    }
    let token = format!("Bearer {}", office.token);
    let headers = [("authorization", token.as_str())];
    let path = format!("/_synapse/admin/{DEACTIVATE}");
    let answer = office.server.send(Method::POST, &path, &headers, "{").await;
    answer.refuses(400, "M_NOT_JSON");
    let answer = office.server.whoami(text(&alice, "access_token")).await;
    answer.body_of(200);
}

#[tokio::test]
async fn a_reset_password_ends_all_logins_unless_told_otherwise() {
    let office = Office::open().await;
    let alice = office.server.registered("alice").await;
    let token = text(&alice, "access_token");
    let keep = json!({"new_password": "first", "logout_devices": false});
    office.post(RESET, &keep).await.gives(200, &json!({}));
    office.server.whoami(token).await.body_of(200);
    assert!(office.opens("alice", "first").await);
    let answer = office.post(RESET, &json!({"new_password": "x"})).await;
    answer.gives(200, &json!({}));
    office.server.whoami(token).await.refuses_with(401, &gone());
    assert!(office.opens("alice", "x").await);
    assert!(!office.opens("alice", "first").await);
}

#[tokio::test]
async fn what_sets_no_password() {
    let office = Office::open().await;
    let alice = office.server.registered("alice").await;
    let rows = [
        (json!({}), "M_MISSING_PARAM"),
        (json!({"new_password": null}), "M_UNKNOWN"),
        (json!({"new_password": 1}), "M_UNKNOWN"),
        (json!({"new_password": ""}), "M_UNKNOWN"),
        (json!({"new_password": "x".repeat(513)}), "M_UNKNOWN"),
        (
            json!({"new_password": "x", "logout_devices": "no"}),
            "M_UNKNOWN",
        ),
        (json!([]), "M_BAD_JSON"),
        (Value::Null, "M_NOT_JSON"),
    ];
    for (body, errcode) in rows {
        office.post(RESET, &body).await.refuses(400, errcode);
    }
    assert!(office.opens("alice", PASSWORD).await);
    let answer = office.server.whoami(text(&alice, "access_token")).await;
    answer.body_of(200);

    office.post(DEACTIVATE, &json!({})).await.body_of(200);
    let answer = office.post(RESET, &json!({"new_password": "x"})).await;
    answer.refuses(400, "M_USER_DEACTIVATED");

    let server = TestServer::under(|policy| policy.password.reauth_enabled = false);
    let office = Office::of(server).await;
    office.server.registered("alice").await;
    let answer = office.post(RESET, &json!({"new_password": "x"})).await;
    answer.refuses(403, "M_FORBIDDEN");
}

#[tokio::test]
async fn rights_are_given_and_taken_away() {
    let office = Office::open().await;
    let alice = office.server.registered("alice").await;
    let token = text(&alice, "access_token");
    office.get(ADMIN).await.gives(200, &json!({"admin": false}));
    let users = async || {
        let path = "/_synapse/admin/v2/users";
        office
            .server
            .call_at(Method::GET, path, Some(token), &Value::Null)
            .await
    };
    for (wanted, status) in [(true, 200), (true, 200), (false, 403), (false, 403)] {
        let answer = office.put(ADMIN, &json!({"admin": wanted})).await;
        answer.gives(200, &json!({}));
        office
            .get(ADMIN)
            .await
            .gives(200, &json!({"admin": wanted}));
        assert_eq!(users().await.status, status);
    }
    let rows = [
        (json!({}), "M_MISSING_PARAM"),
        (json!({"admin": "true"}), "M_BAD_JSON"),
        (json!({"admin": null}), "M_BAD_JSON"),
        (json!({"admin": 1}), "M_BAD_JSON"),
        (Value::Null, "M_NOT_JSON"),
    ];
    for (body, errcode) in rows {
        office.put(ADMIN, &body).await.refuses(400, errcode);
    }
    office.get(ADMIN).await.gives(200, &json!({"admin": false}));
}

#[tokio::test]
async fn nobody_demotes_themselves() {
    let office = Office::open().await;
    let path = "v1/users/@root:example.org/admin";
    let answer = office.put(path, &json!({"admin": false})).await;
    answer.refuses(400, "M_UNKNOWN");
    office.put(path, &json!({"admin": true})).await.body_of(200);
    office.get(path).await.gives(200, &json!({"admin": true}));
}
