//! `GET` and `POST /_matrix/client/v3/login`: who logs in, and what that gives.

mod refusals;

use http::Method;
use registrar_domain::model::id::Localpart;
use registrar_domain::model::threepid::{AccountThreepid, EmailAddress, PhoneNumber, Threepid};
use registrar_domain::model::time::Timestamp;
use registrar_domain::ports::{Intent, Store as _};
use serde_json::{Value, json};

use crate::client::{PASSWORD, login, text, with};
use crate::server::TestServer;

const MOMENT: Timestamp = Timestamp::from_unix_ms(1);

/// A server on which alice has an account, an email address and a phone number.
async fn with_alice(server: TestServer) -> TestServer {
    server.registered("alice").await;
    let email: Threepid = EmailAddress::parse("alice@example.com").unwrap().into();
    let phone: Threepid = PhoneNumber::parse("GB", "07700900001").unwrap().into();
    let alice = Localpart::read("alice").unwrap();
    let mut uow = server.store.begin(Intent::Write).await.unwrap();
    for threepid in [email, phone] {
        let threepid = AccountThreepid {
            threepid,
            validated: MOMENT,
            added: MOMENT,
        };
        uow.threepids().add(&alice, &threepid).await.unwrap();
    }
    uow.commit().await.unwrap();
    server
}

/// `POST /login` by somebody who is named this way.
fn claim(fields: Value) -> Value {
    let body = json!({"type": "m.login.password", "password": PASSWORD});
    with(body, fields)
}

fn identifier(identifier: impl Into<Value>) -> Value {
    claim(json!({"identifier": identifier.into()}))
}

#[tokio::test]
async fn the_ways_to_log_in_are_told() {
    let with_passwords = TestServer::new();
    let without = TestServer::under(|it| it.password.login_enabled = false);
    let application_service = json!({"type": "m.login.application_service"});
    let rows = [
        (
            with_passwords,
            json!([{"type": "m.login.password"}, application_service]),
        ),
        (without, json!([application_service])),
    ];
    for (server, flows) in rows {
        for base in ["api/v1", "r0", "v3", "unstable"] {
            let path = format!("/_matrix/client/{base}/login");
            let answer = server.get(&path).await;
            answer.gives(200, &json!({"flows": flows}));
        }
    }
}

#[tokio::test]
async fn a_login_gives_tokens_of_a_device() {
    let document = json!({"m.homeserver": {"base_url": "https://example.org/"}});
    let published = TestServer::with(|it| it.well_known_client = Some(document.clone()), |_| {});
    let published = with_alice(published).await;
    let plain = with_alice(TestServer::new()).await;
    let expected = json!({
        "user_id": "@alice:example.org",
        "home_server": "example.org",
        "access_token": "<access token>",
        "device_id": "<device ID>",
    });
    let refreshable = json!({"refresh_token": "<refresh token>", "expires_in_ms": 300_000});
    let rows = [
        (&plain, json!({}), expected.clone()),
        (&plain, json!({"refresh_token": false}), expected.clone()),
        (
            &plain,
            json!({"device_id": "DESK"}),
            with(expected.clone(), json!({"device_id": "DESK"})),
        ),
        (
            &plain,
            json!({"refresh_token": true}),
            with(expected.clone(), refreshable),
        ),
        (
            &published,
            json!({}),
            with(expected, json!({"well_known": document})),
        ),
    ];
    for (server, others, expected) in rows {
        let body = login("alice", others);
        let answer = server.post("/login", &body).await;
        answer.gives(200, &expected);
        let answer = answer.json();
        server
            .whoami(text(&answer, "access_token"))
            .await
            .body_of(200);
    }
}

#[tokio::test]
async fn people_are_named_in_many_ways_under_every_path() {
    let server = with_alice(TestServer::new()).await;
    let email = "alice@example.com";
    let rows = [
        identifier(json!({"type": "m.id.user", "user": "alice"})),
        identifier(json!({"type": "m.id.user", "user": "ALICE"})),
        identifier(json!({"type": "m.id.user", "user": "@alice:example.org"})),
        identifier(json!({
            "type": "m.id.thirdparty", "medium": "email", "address": " Alice@EXAMPLE.com",
        })),
        identifier(json!({
            "type": "m.id.thirdparty", "medium": "msisdn", "address": "447700900001",
        })),
        identifier(json!({"type": "m.id.phone", "country": "GB", "phone": "07700 900001"})),
        identifier(json!({"type": "m.id.phone", "country": "GB", "number": "07700 900001"})),
        claim(json!({"user": "alice"})),
        claim(json!({"medium": "email", "address": email})),
        // The older forms win over the newer one.
        claim(json!({"user": "alice", "identifier": {"type": "m.id.user", "user": "nobody"}})),
        claim(json!({"medium": "email", "address": email, "identifier": 1})),
    ];
    for (index, body) in rows.iter().enumerate() {
        let base = ["api/v1", "r0", "v3", "unstable"][index % 4];
        let path = format!("/_matrix/client/{base}/login");
        let answer = server
            .send(Method::POST, &path, &[], body.to_string())
            .await;
        let answer = answer.body_of(200);
        assert_eq!(answer["user_id"], "@alice:example.org");
    }
}
