//! `GET` and `PUT /_synapse/admin/v2/users/{userId}`

use std::time::Duration;

use registrar_domain::model::id::Localpart;
use registrar_domain::model::time::Timestamp;
use registrar_domain::ports::{Intent, Store as _};
use serde_json::{Value, json};

use super::Office;
use crate::client::{PASSWORD, text, with};
use crate::server::TestServer;

const ALICE: &str = "v2/users/@alice:example.org";

/// Alice as administrators see her when she has just been made, with these fields instead.
fn alice(others: Value) -> Value {
    let user = json!({
        "name": "@alice:example.org",
        "admin": false,
        "deactivated": false,
        "erased": false,
        "locked": false,
        "suspended": false,
        "shadow_banned": false,
        "creation_ts": 1_700_000_000,
        "appservice_id": null,
        "consent_server_notice_sent": null,
        "consent_version": null,
        "consent_ts": null,
        "user_type": null,
        "is_guest": false,
        "displayname": "alice",
        "avatar_url": null,
        "threepids": [],
        "external_ids": [],
        "last_seen_ts": null,
    });
    with(user, others)
}

fn mail(address: &str) -> Value {
    json!({
        "medium": "email",
        "address": address,
        "validated_at": 1_700_000_000_000_i64,
        "added_at": 1_700_000_000_000_i64,
    })
}

#[tokio::test]
async fn a_new_user_has_the_localpart_for_a_name_unless_it_shall_have_none() {
    let office = Office::open().await;
    let rows = [
        ("a", json!({}), json!("a")),
        ("b", json!({"displayname": null}), json!("b")),
        ("c", json!({"displayname": ""}), Value::Null),
        ("d", json!({"displayname": "Dora"}), json!("Dora")),
    ];
    for (name, body, expected) in rows {
        let path = format!("v2/users/@{name}:example.org");
        let made = office.put(&path, &body).await.body_of(201);
        assert_eq!(made["displayname"], expected, "{name}");
        let profile = format!("/_matrix/client/v3/profile/@{name}:example.org/displayname");
        let shown = office.server.get(&profile).await.body_of(200);
        assert_eq!(shown.get("displayname").unwrap_or(&Value::Null), &expected);
        for nameless in [json!({"displayname": ""}), json!({"displayname": null})] {
            let changed = office.put(&path, &nameless).await.body_of(200);
            assert_eq!(changed["displayname"], Value::Null, "{name}");
        }
    }
}

#[tokio::test]
async fn what_somebody_agreed_to_is_shown_with_the_moment() {
    let office = Office::open().await;
    office.put(ALICE, &json!({})).await.body_of(201);
    let localpart = Localpart::read("alice").unwrap();
    let moment = Timestamp::from_unix_ms(1_700_000_000_123);
    let mut uow = office.server.store.begin(Intent::Write).await.unwrap();
    let accounts = uow.accounts();
    accounts
        .record_consent(&localpart, "2.0", moment)
        .await
        .unwrap();
    uow.commit().await.unwrap();
    let expected = json!({"consent_version": "2.0", "consent_ts": 1_700_000_000_123_i64});
    office.get(ALICE).await.gives(200, &alice(expected));
}

#[tokio::test]
async fn a_user_can_be_of_the_types_that_the_operator_named() {
    let server = TestServer::under(|policy| {
        policy.accounts.user_types.extra = vec!["org.example.desk".to_owned()];
        policy.accounts.user_types.default = Some("org.example.desk".to_owned());
    });
    let office = Office::of(server).await;
    let kind = async |user_id: &str| office.details(user_id).await["user_type"].clone();
    // A person who chose a name gets the default, and so does a user whom an administrator creates.
    assert_eq!(kind("@root:example.org").await, "org.example.desk");
    for (body, expected) in [
        (json!({}), json!("org.example.desk")),
        (json!({"user_type": "bot"}), json!("bot")),
        (json!({"user_type": null}), Value::Null),
        (
            json!({"user_type": "org.example.desk"}),
            json!("org.example.desk"),
        ),
    ] {
        let answer = office.put(ALICE, &body).await;
        assert!([200, 201].contains(&answer.status.as_u16()), "{body}");
        assert_eq!(kind("@alice:example.org").await, expected, "{body}");
    }
    let unknown = json!({"user_type": "org.example"});
    office.put(ALICE, &unknown).await.refuses(400, "M_UNKNOWN");
}

#[tokio::test]
async fn an_unknown_user_is_made() {
    let office = Office::open().await;
    office
        .put(ALICE, &json!({}))
        .await
        .gives(201, &alice(json!({})));
    office.get(ALICE).await.gives(200, &alice(json!({})));
    let body = json!({
        "password": "Wonderland",
        "displayname": "Bob the builder",
        "threepids": [{"medium": "email", "address": "Bob@Example.org"}],
        "external_ids": [],
        "avatar_url": "mxc://example.org/bob",
        "admin": true,
        "deactivated": false,
        "locked": false,
        "user_type": "support",
        "logout_devices": true,
        "nonsense": 1,
    });
    let expected = alice(json!({
        "name": "@bob:example.org",
        "admin": true,
        "user_type": "support",
        "displayname": "Bob the builder",
        "threepids": [mail("bob@example.org")],
    }));
    let answer = office.put("v2/users/@bob:example.org", &body).await;
    answer.gives(201, &expected);
    assert!(office.opens("bob", "Wonderland").await);
    assert!(!office.opens("alice", "").await);
}

#[tokio::test]
async fn a_name_that_nobody_may_have_makes_nobody() {
    let office = Office::open().await;
    office.server.registered("bob").await;
    let long = "x".repeat(250);
    let rows = [
        ("Alice", "M_INVALID_USERNAME"),
        ("al%20ice", "M_INVALID_USERNAME"),
        ("al%C3%AFce", "M_INVALID_USERNAME"),
        ("_alice", "M_INVALID_USERNAME"),
        ("123", "M_INVALID_USERNAME"),
        (&long, "M_INVALID_USERNAME"),
    ];
    for (name, errcode) in rows {
        let path = format!("v2/users/@{name}:example.org");
        let answer = office.put(&path, &json!({})).await;
        let expected = if name == long && answer.status == 404 {
            (404, "M_NOT_FOUND")
        } else {
            (400, errcode)
        };
        answer.refuses(expected.0, expected.1);
    }
    assert_eq!(office.get("v2/users").await.body_of(200)["total"], 2);
}

#[tokio::test]
async fn only_what_is_there_changes() {
    let office = Office::open().await;
    let made = json!({"displayname": "Al", "user_type": "bot", "threepids": [
        {"medium": "email", "address": "a@example.org"},
    ]});
    office.put(ALICE, &made).await.body_of(201);
    let mut expected = alice(json!({
        "displayname": "Al", "user_type": "bot", "threepids": [mail("a@example.org")],
    }));
    office.put(ALICE, &json!({})).await.gives(200, &expected);
    let rows = [
        (
            json!({"displayname": "Älice"}),
            json!({"displayname": "Älice"}),
        ),
        (json!({"admin": true}), json!({"admin": true})),
        (json!({"admin": false}), json!({"admin": false})),
        (
            json!({"user_type": "support"}),
            json!({"user_type": "support"}),
        ),
        (json!({"user_type": null}), json!({"user_type": null})),
        (
            json!({"threepids": [
                {"medium": "email", "address": "B@example.org"},
                {"medium": "email", "address": "b@Example.org"},
                {"medium": "email", "address": "a@example.org", "validated_at": 1},
            ]}),
            json!({"threepids": [mail("a@example.org"), mail("b@example.org")]}),
        ),
        (json!({"threepids": null, "password": null}), json!({})),
        (json!({"threepids": []}), json!({"threepids": []})),
        (json!({"displayname": ""}), json!({"displayname": null})),
        (json!({"avatar_url": "mxc://a/b"}), json!({})),
    ];
    for (change, difference) in rows {
        expected = with(expected, difference);
        office.put(ALICE, &change).await.gives(200, &expected);
        office.get(ALICE).await.gives(200, &expected);
    }
}

#[tokio::test]
async fn kept_threepids_keep_their_times() {
    let office = Office::open().await;
    let threepids = |addresses: &[&str]| {
        let threepid = |address: &&str| json!({"medium": "email", "address": address});
        json!({"threepids": addresses.iter().map(threepid).collect::<Vec<_>>()})
    };
    office
        .put(ALICE, &threepids(&["a@b", "b@b"]))
        .await
        .body_of(201);
    office.server.clock.advance(Duration::from_secs(1));
    let answer = office.put(ALICE, &threepids(&["b@b", "c@b"])).await;
    let listed = answer.body_of(200)["threepids"].clone();
    let listed = listed.as_array().unwrap().iter();
    let times: Vec<_> = listed
        .map(|it| (text(it, "address").to_owned(), it["added_at"].as_i64()))
        .collect();
    assert_eq!(
        times,
        [
            ("b@b".to_owned(), Some(1_700_000_000_000)),
            ("c@b".to_owned(), Some(1_700_000_001_000)),
        ]
    );
}

#[tokio::test]
async fn a_threepid_is_never_taken_away_from_somebody_else() {
    let office = Office::open().await;
    let body = json!({"displayname": "x", "threepids": [{"medium": "email", "address": "a@b"}]});
    office.put(ALICE, &body).await.body_of(201);
    office.server.registered("bob").await;
    let before = office.details("@bob:example.org").await;
    for user in ["bob", "carol"] {
        let path = format!("v2/users/@{user}:example.org");
        let answer = office.put(&path, &body).await;
        answer.refuses(400, "M_THREEPID_IN_USE");
    }
    assert_eq!(office.details("@bob:example.org").await, before);
    let answer = office.get("v2/users/@carol:example.org").await;
    answer.refuses(404, "M_NOT_FOUND");
}

#[tokio::test]
async fn every_field_has_a_type_and_a_bad_one_changes_nothing() {
    let office = Office::open().await;
    office.server.registered("alice").await;
    let before = office.details("@alice:example.org").await;
    let long = "x".repeat(513);
    let rows = [
        (json!({"threepids": {}}), "M_INVALID_PARAM"),
        (json!({"threepids": ["a@b"]}), "M_INVALID_PARAM"),
        (json!({"threepids": "a@b"}), "M_INVALID_PARAM"),
        (json!({"threepids": [{}]}), "M_MISSING_PARAM"),
        (
            json!({"threepids": [{"medium": "email"}]}),
            "M_MISSING_PARAM",
        ),
        (
            json!({"threepids": [{"address": "a@b"}]}),
            "M_MISSING_PARAM",
        ),
        (
            json!({"threepids": [{"medium": 1, "address": "a@b"}]}),
            "M_INVALID_PARAM",
        ),
        (
            json!({"threepids": [{"medium": "email", "address": null}]}),
            "M_INVALID_PARAM",
        ),
        (
            json!({"threepids": [{"medium": "email", "address": "a"}]}),
            "M_INVALID_PARAM",
        ),
        (
            json!({"threepids": [{"medium": "email", "address": "a\u{0}@b"}]}),
            "M_INVALID_PARAM",
        ),
        (
            json!({"threepids": [{"medium": "fax", "address": "1"}]}),
            "M_INVALID_PARAM",
        ),
        (
            json!({"threepids": [{"medium": "msisdn", "address": "x"}]}),
            "M_INVALID_PARAM",
        ),
        (json!({"external_ids": 1}), "M_INVALID_PARAM"),
        (json!({"external_ids": ["x"]}), "M_INVALID_PARAM"),
        (
            json!({"external_ids": [{"auth_provider": "oidc", "external_id": "x"}]}),
            "M_UNKNOWN",
        ),
        (json!({"user_type": "alien"}), "M_UNKNOWN"),
        (json!({"user_type": ""}), "M_UNKNOWN"),
        (json!({"user_type": 1}), "M_UNKNOWN"),
        (json!({"admin": "true"}), "M_BAD_JSON"),
        (json!({"admin": 1}), "M_BAD_JSON"),
        (json!({"admin": null}), "M_BAD_JSON"),
        (json!({"password": 1}), "M_UNKNOWN"),
        (json!({"password": ""}), "M_UNKNOWN"),
        (json!({"password": long}), "M_UNKNOWN"),
        (json!({"password": "a\u{0}b"}), "M_UNKNOWN"),
        (
            json!({"logout_devices": "no", "password": "x"}),
            "M_UNKNOWN",
        ),
        (json!({"deactivated": "false"}), "M_UNKNOWN"),
        (json!({"deactivated": "true"}), "M_UNKNOWN"),
        (json!({"deactivated": null}), "M_UNKNOWN"),
        (json!({"locked": true}), "M_UNKNOWN"),
        (json!({"locked": "x"}), "M_UNKNOWN"),
        (json!({"displayname": 1}), "M_INVALID_PARAM"),
        (json!({"displayname": "x".repeat(257)}), "M_UNKNOWN"),
        (json!({"displayname": "a\u{0}b"}), "M_UNKNOWN"),
        (json!([]), "M_BAD_JSON"),
        (Value::Null, "M_NOT_JSON"),
    ];
    for (body, errcode) in rows {
        let mut body = body;
        if body.is_object() {
            // What is good about the request must not come true either.
            let mut whole = json!({"displayname": "changed", "admin": true});
            for (key, value) in body.as_object().unwrap() {
                whole[key] = value.clone();
            }
            body = whole;
        }
        office.put(ALICE, &body).await.refuses(400, errcode);
        assert_eq!(office.details("@alice:example.org").await, before, "{body}");
        let answer = office.put("v2/users/@new:example.org", &body).await;
        answer.refuses(400, errcode);
    }
    let answer = office.get("v2/users/@new:example.org").await;
    answer.refuses(404, "M_NOT_FOUND");
    assert!(office.opens("alice", PASSWORD).await);
}

#[tokio::test]
async fn complaints_come_in_the_order_of_synapse() {
    let office = Office::open().await;
    let mut body = json!({
        "threepids": [{}],
        "external_ids": 1,
        "user_type": "alien",
        "admin": 1,
        "password": 1,
        "displayname": 1,
    });
    let order = [
        ("threepids", "M_MISSING_PARAM"),
        ("external_ids", "M_INVALID_PARAM"),
        ("user_type", "M_UNKNOWN"),
        ("admin", "M_BAD_JSON"),
        ("password", "M_UNKNOWN"),
        ("displayname", "M_INVALID_PARAM"),
    ];
    for (field, errcode) in order {
        let answer = office.put(ALICE, &body).await;
        answer.refuses(400, errcode);
        let error = answer.json()["error"].clone();
        assert!(error.as_str().unwrap().contains(field), "{field}: {error}");
        body.as_object_mut().unwrap().remove(field);
    }
    office.put(ALICE, &body).await.body_of(201);
}

#[tokio::test]
async fn a_new_password_ends_all_logins_unless_told_otherwise() {
    let office = Office::open().await;
    let phone = office.server.registered("alice").await;
    let token = text(&phone, "access_token");
    let keep = json!({"password": "first", "logout_devices": false});
    office.put(ALICE, &keep).await.body_of(200);
    office.server.whoami(token).await.body_of(200);
    assert!(office.opens("alice", "first").await);
    office
        .put(ALICE, &json!({"password": "second"}))
        .await
        .body_of(200);
    let gone = json!({"errcode": "M_UNKNOWN_TOKEN", "soft_logout": false});
    office.server.whoami(token).await.refuses_with(401, &gone);
    assert!(!office.opens("alice", "first").await);
    assert!(office.opens("alice", "second").await);
}

#[tokio::test]
async fn administrators_cannot_demote_themselves_and_stay_logged_in() {
    let office = Office::open().await;
    let root = "v2/users/@root:example.org";
    let answer = office
        .put(root, &json!({"admin": false, "displayname": "x"}))
        .await;
    answer.refuses(400, "M_UNKNOWN");
    let desk = office.server.logged_in("root", "DESK").await;
    let body = json!({"admin": true, "password": "new", "displayname": "Boss"});
    let answer = office.put(root, &body).await.body_of(200);
    assert_eq!(
        (&answer["admin"], &answer["displayname"]),
        (&json!(true), &json!("Boss"))
    );
    office.server.whoami(&office.token).await.body_of(200);
    let gone = json!({"errcode": "M_UNKNOWN_TOKEN", "soft_logout": false});
    let answer = office.server.whoami(text(&desk, "access_token")).await;
    answer.refuses_with(401, &gone);
}

#[tokio::test]
async fn a_deactivated_account_is_opened_again_with_a_password() {
    let office = Office::open().await;
    let phone = office.server.registered("alice").await;
    let token = text(&phone, "access_token");
    let body = json!({"deactivated": true, "threepids": [{"medium": "email", "address": "a@b"}]});
    let answer = office.put(ALICE, &body).await.body_of(200);
    assert_eq!(
        (&answer["deactivated"], &answer["threepids"]),
        (&json!(true), &json!([]))
    );
    let gone = json!({"errcode": "M_UNKNOWN_TOKEN", "soft_logout": false});
    office.server.whoami(token).await.refuses_with(401, &gone);
    assert!(!office.opens("alice", PASSWORD).await);
    office
        .put(ALICE, &json!({"deactivated": true}))
        .await
        .body_of(200);

    let refusals = [
        (json!({"password": "new"}), "M_USER_DEACTIVATED"),
        (
            json!({"threepids": [{"medium": "email", "address": "a@b"}]}),
            "M_USER_DEACTIVATED",
        ),
    ];
    for (body, errcode) in refusals {
        office.put(ALICE, &body).await.refuses(400, errcode);
    }
    let body = json!({"deactivated": false, "password": "new"});
    let answer = office.put(ALICE, &body).await.body_of(200);
    assert_eq!(answer["deactivated"], false);
    office.server.whoami(token).await.refuses_with(401, &gone);
    assert!(office.opens("alice", "new").await);
}

#[tokio::test]
async fn a_deactivated_account_is_opened_again_and_gets_its_password_later() {
    let office = Office::open().await;
    office.server.registered("alice").await;
    office
        .put(ALICE, &json!({"deactivated": true}))
        .await
        .body_of(200);
    let answer = office.put(ALICE, &json!({"deactivated": false})).await;
    assert_eq!(answer.body_of(200)["deactivated"], false);
    assert!(!office.opens("alice", PASSWORD).await);
    office
        .put(ALICE, &json!({"password": "new"}))
        .await
        .body_of(200);
    assert!(office.opens("alice", "new").await);
}

#[tokio::test]
async fn where_passwords_are_off_none_is_set_and_none_is_needed() {
    let server = TestServer::under(|policy| policy.password.reauth_enabled = false);
    let office = Office::of(server).await;
    office
        .put(ALICE, &json!({"deactivated": true}))
        .await
        .body_of(201);
    let body = json!({"deactivated": false, "password": "new"});
    office.put(ALICE, &body).await.refuses(403, "M_FORBIDDEN");
    let answer = office.put(ALICE, &json!({"deactivated": false})).await;
    assert_eq!(answer.body_of(200)["deactivated"], false);
}
