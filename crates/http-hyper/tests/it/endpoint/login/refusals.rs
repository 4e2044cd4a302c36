//! The codes of the refusals of `POST /login`. Their order is tested with the use-case.

use std::sync::atomic::Ordering;
use std::time::Duration;

use registrar_domain::model::account::{Account, AccountKind};
use registrar_domain::model::id::Localpart;
use registrar_domain::model::limit::Rate;
use registrar_domain::model::password::PasswordHash;
use registrar_domain::model::policy::{Policy, ServerDisabled};
use registrar_domain::ports::{Intent, Store as _};
use serde_json::{Value, json};

use super::{MOMENT, claim, identifier, with_alice};
use crate::client::{PASSWORD, login};
use crate::server::TestServer;

fn limited(retry_after_ms: u64) -> Value {
    json!({"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": retry_after_ms})
}

/// Adds an account that nobody registers.
async fn add(server: &TestServer, account: &Account) {
    let mut uow = server.store.begin(Intent::Write).await.unwrap();
    uow.accounts().add(account).await.unwrap();
    uow.commit().await.unwrap();
}

fn account(localpart: &str) -> Account {
    let localpart = Localpart::read(localpart).unwrap();
    Account::new(localpart, AccountKind::User, MOMENT)
}

#[tokio::test]
async fn who_cannot_be_identified_is_refused() {
    let server = with_alice(TestServer::new()).await;
    let third_party = |medium: Value, address: Value| {
        identifier(json!({"type": "m.id.thirdparty", "medium": medium, "address": address}))
    };
    let phone = |country: Value, phone: Value| {
        identifier(json!({"type": "m.id.phone", "country": country, "phone": phone}))
    };
    let rows = [
        (claim(json!({})), 400, "M_INVALID_PARAM"),
        (identifier(Value::Null), 400, "M_INVALID_PARAM"),
        (identifier(json!("alice")), 400, "M_INVALID_PARAM"),
        (identifier(json!({})), 400, "M_MISSING_PARAM"),
        (identifier(json!({"type": 1})), 400, "M_INVALID_PARAM"),
        (identifier(json!({"type": "m.id.nosuch"})), 400, "M_UNKNOWN"),
        (identifier(json!({"type": "m.id.user"})), 400, "M_UNKNOWN"),
        (
            identifier(json!({"type": "m.id.user", "user": ""})),
            400,
            "M_UNKNOWN",
        ),
        (
            identifier(json!({"type": "m.id.user", "user": 1})),
            400,
            "M_INVALID_PARAM",
        ),
        (claim(json!({"user": 1})), 400, "M_INVALID_PARAM"),
        (
            third_party(json!("email"), Value::Null),
            400,
            "M_INVALID_PARAM",
        ),
        (
            third_party(json!(1), json!("a@b.c")),
            400,
            "M_INVALID_PARAM",
        ),
        (
            third_party(json!("email"), json!("a@b@c")),
            400,
            "M_UNKNOWN",
        ),
        (
            third_party(json!("email"), json!("a@b.c")),
            403,
            "M_FORBIDDEN",
        ),
        (
            third_party(json!("pigeon"), json!("a@b.c")),
            403,
            "M_FORBIDDEN",
        ),
        (
            third_party(json!("msisdn"), json!("\u{0}")),
            403,
            "M_FORBIDDEN",
        ),
        (phone(json!("GB"), Value::Null), 400, "M_INVALID_PARAM"),
        (
            phone(Value::Null, json!("07700900001")),
            400,
            "M_INVALID_PARAM",
        ),
        (phone(json!("GB"), json!("abc")), 400, "M_INVALID_PARAM"),
        (phone(json!("GB"), json!("07700900002")), 403, "M_FORBIDDEN"),
        (login("nobody", json!({})), 403, "M_FORBIDDEN"),
        (login("a\u{0}b", json!({})), 403, "M_FORBIDDEN"),
        (login("@alice:example.com", json!({})), 403, "M_FORBIDDEN"),
        (
            login("alice", json!({"password": "wrong"})),
            403,
            "M_FORBIDDEN",
        ),
        (login("alice", json!({"password": ""})), 403, "M_FORBIDDEN"),
        (
            login("alice", json!({"password": "a\u{0}b"})),
            403,
            "M_FORBIDDEN",
        ),
        (
            login("alice", json!({"password": "x".repeat(513)})),
            403,
            "M_FORBIDDEN",
        ),
    ];
    for (body, status, errcode) in rows {
        server.post("/login", &body).await.refuses(status, errcode);
    }
}

/// Each row corrects what the row before was refused for, and nothing else.
#[tokio::test]
async fn three_limits_are_kept_apart() {
    let slowly = Rate {
        per_second: 0.1,
        burst_count: 1.0,
    };
    let right = login("alice", json!({}));
    let wrong = login("alice", json!({"password": "wrong"}));
    let stranger = identifier(
        json!({"type": "m.id.thirdparty", "medium": "email", "address": "nobody@example.com"}),
    );
    type Change = fn(&mut Policy, Rate);
    let address: Change = |it, rate| it.rates.login_address = rate;
    let account: Change = |it, rate| it.rates.login_account = rate;
    let failures: Change = |it, rate| it.rates.login_failed_attempts = rate;
    // What is asked first, what is refused then, and what still goes through.
    let rows = [
        (address, &wrong, 403, &right, None),
        (account, &right, 200, &right, Some((&wrong, 403))),
        (failures, &wrong, 403, &right, Some((&stranger, 403))),
        (failures, &stranger, 403, &stranger, Some((&right, 200))),
    ];
    for (change, first, first_status, second, other) in rows {
        let server = with_alice(TestServer::under(|it| change(it, slowly))).await;
        server.post("/login", first).await.body_of(first_status);
        let answer = server.post("/login", second).await;
        answer.refuses_with(429, &limited(10_000));
        if let Some((body, status)) = other {
            server.post("/login", body).await.body_of(status);
        }
        server.clock.advance(Duration::from_secs(10));
        let status = if second == first { first_status } else { 200 };
        server.post("/login", second).await.body_of(status);
    }
}

#[tokio::test]
async fn a_deactivated_account_is_disclosed_to_its_right_password_alone() {
    let server = with_alice(TestServer::new()).await;
    let right = login("alice", json!({}));
    let wrong = login("alice", json!({"password": "wrong"}));
    let mut uow = server.store.begin(Intent::Write).await.unwrap();
    let alice = Localpart::read("alice").unwrap();
    assert!(uow.accounts().deactivate(&alice).await.unwrap());
    uow.commit().await.unwrap();
    for (body, errcode) in [(&right, "M_USER_DEACTIVATED"), (&wrong, "M_FORBIDDEN")] {
        server.post("/login", body).await.refuses(403, errcode);
    }
    let mut account = account("closed_long_ago");
    account.deactivated = true;
    add(&server, &account).await;
    let body = login("closed_long_ago", json!({}));
    server
        .post("/login", &body)
        .await
        .refuses(403, "M_FORBIDDEN");
}

#[tokio::test]
async fn guests_have_no_password() {
    let server = TestServer::new();
    server
        .post("/register?kind=guest", &json!({}))
        .await
        .body_of(200);
    let body = login("1", json!({"password": ""}));
    server
        .post("/login", &body)
        .await
        .refuses(403, "M_FORBIDDEN");
}

#[tokio::test]
async fn a_server_that_is_switched_off_logs_nobody_in() {
    let server = TestServer::under(|it| {
        it.usage.disabled = Some(ServerDisabled {
            message: "closed for good".to_owned(),
            admin_contact: None,
        });
    });
    let mut account = account("alice");
    account.password_hash = Some(PasswordHash::from_stored(format!("fake${PASSWORD}")));
    add(&server, &account).await;
    let answer = server.post("/login", &login("alice", json!({}))).await;
    answer.refuses_with(
        403,
        &json!({
            "errcode": "M_RESOURCE_LIMIT_EXCEEDED",
            "admin_contact": null,
            "limit_type": "hs_disabled",
        }),
    );
}

#[tokio::test]
async fn application_services_are_asked_for_a_token_that_nobody_has() {
    let server = TestServer::new();
    let body = json!({"type": "m.login.application_service"});
    server
        .post("/login", &body)
        .await
        .refuses(401, "M_MISSING_TOKEN");
    server.post_as("x", "/login", &body).await.refuses_with(
        401,
        &json!({"errcode": "M_UNKNOWN_TOKEN", "soft_logout": false}),
    );
}

#[tokio::test]
async fn a_full_queue_of_passwords_asks_for_patience() {
    let server = with_alice(TestServer::new()).await;
    server.hasher.busy.store(true, Ordering::SeqCst);
    let answer = server.post("/login", &login("alice", json!({}))).await;
    answer.refuses_with(429, &limited(1500));
}
