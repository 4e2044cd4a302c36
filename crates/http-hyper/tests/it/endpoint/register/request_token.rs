//! `POST /_matrix/client/v3/register/email/requestToken` and `/register/msisdn/requestToken`

use http::Method;
use registrar_domain::limit::Rate;
use registrar_domain::ports::mailer::MailContent;
use registrar_domain::services::EmailValidation;
use registrar_domain::threepid::{Medium, Threepid};
use serde_json::{Value, json};

use crate::client::text;
use crate::mails::{ADDRESS, REGISTRATION, email_wish, msisdn_wish};
use crate::server::TestServer;

const EMAIL: &str = "/register/email/requestToken";
const MSISDN: &str = "/register/msisdn/requestToken";

#[tokio::test]
async fn a_mail_goes_to_the_canonical_address() {
    let server = TestServer::new();
    let body = email_wish(" Alice@Example.ORG ", json!({"id_server": 1, "other": []}));
    let answer = server.post(EMAIL, &body).await.body_of(200);
    let sid = text(&answer, "sid");
    assert_eq!(answer, json!({"sid": sid}));
    assert!(sid.len() == 16 && sid.bytes().all(|b| b.is_ascii_alphabetic()));
    let mails = server.mailer.mails();
    assert_eq!(mails[0].to.as_str(), ADDRESS);
    let path = "/_matrix/client/unstable/registration/email/submit_token?token=";
    assert!(server.link().starts_with(path), "{}", server.link());
    assert!(
        server
            .link()
            .ends_with(&format!("&client_secret=secret&sid={sid}"))
    );
}

#[tokio::test]
async fn an_attempt_that_was_made_is_not_made_again() {
    let server = TestServer::new();
    let attempt = async |number: Value| {
        let body = email_wish(ADDRESS, json!({"send_attempt": number}));
        server.mailed(REGISTRATION, &body).await
    };
    let sid = attempt(json!(1)).await;
    for (number, mails) in [
        (json!(1), 1),
        (json!(true), 1),
        (json!(0), 1),
        (json!(1.6), 2),
        (json!(2), 2),
        (json!(3), 3),
    ] {
        assert_eq!(attempt(number.clone()).await, sid);
        assert_eq!(server.mailer.mails().len(), mails, "{number}");
    }
}

#[tokio::test]
async fn complaints_about_email_come_in_the_order_of_the_reference() {
    let server = TestServer::new();
    let denied = Threepid::from_canonical(Medium::Email, "x@elsewhere.org".to_owned());
    server.hooks.deny(denied);
    let long = "s".repeat(256);
    let rows = [
        (Value::Null, 400, "M_NOT_JSON"),
        (json!("x"), 400, "M_BAD_JSON"),
        (json!({}), 400, "M_MISSING_PARAM"),
        (
            json!({"client_secret": 1, "email": 1}),
            400,
            "M_MISSING_PARAM",
        ),
        (
            email_wish("x", json!({"client_secret": null})),
            400,
            "M_INVALID_PARAM",
        ),
        (
            email_wish("x", json!({"client_secret": 1})),
            400,
            "M_INVALID_PARAM",
        ),
        (
            email_wish("x", json!({"client_secret": ""})),
            400,
            "M_INVALID_PARAM",
        ),
        (
            email_wish("x", json!({"client_secret": "a+b"})),
            400,
            "M_INVALID_PARAM",
        ),
        (
            email_wish("x", json!({"client_secret": long})),
            400,
            "M_INVALID_PARAM",
        ),
        (
            email_wish("x", json!({"email": null})),
            400,
            "M_INVALID_PARAM",
        ),
        (email_wish("x", json!({"email": 1})), 400, "M_INVALID_PARAM"),
        (
            email_wish("x", json!({"send_attempt": "1"})),
            400,
            "M_UNKNOWN",
        ),
        (email_wish("a@b@c", json!({})), 400, "M_UNKNOWN"),
        (email_wish(&"x".repeat(501), json!({})), 400, "M_UNKNOWN"),
        (
            email_wish("x@elsewhere.org", json!({"send_attempt": "1"})),
            400,
            "M_INVALID_PARAM",
        ),
        (
            email_wish("x@elsewhere.org", json!({"send_attempt": null})),
            400,
            "M_INVALID_PARAM",
        ),
        (
            email_wish("x@elsewhere.org", json!({"next_link": 1})),
            400,
            "M_INVALID_PARAM",
        ),
        (
            email_wish("x@elsewhere.org", json!({"next_link": "ftp://x"})),
            400,
            "M_INVALID_PARAM",
        ),
        (
            email_wish("x@elsewhere.org", json!({})),
            403,
            "M_THREEPID_DENIED",
        ),
    ];
    for (body, status, errcode) in rows {
        let answer = server.post(EMAIL, &body).await;
        assert_eq!(answer.status, status, "{body}: {}", answer.body);
        answer.refuses(status, errcode);
    }
    let answer = server.post(EMAIL, &json!({"email": ADDRESS})).await;
    let error = answer.json();
    let error = text(&error, "error");
    assert!(error.contains("client_secret, send_attempt"), "{error}");
    assert!(server.mailer.mails().is_empty());
    server
        .mailed(REGISTRATION, &email_wish(ADDRESS, json!({})))
        .await;
}

#[tokio::test]
async fn what_is_switched_off_is_told_before_the_body_is_read() {
    let off = TestServer::over(|_| {}, |ports| ports.email = EmailValidation::Off);
    off.post(EMAIL, &Value::Null)
        .await
        .refuses(400, "M_UNKNOWN");
    let closed = TestServer::under(|it| it.registration.enabled = false);
    closed
        .post(EMAIL, &Value::Null)
        .await
        .refuses(403, "M_FORBIDDEN");
    let answer = closed.post(MSISDN, &msisdn_wish(json!({}))).await;
    answer.body_of(200);
    let off = TestServer::over(|_| {}, |ports| ports.msisdn = None);
    let answer = off.post(MSISDN, &msisdn_wish(json!({}))).await;
    answer.refuses(400, "M_UNKNOWN");
}

#[tokio::test]
async fn an_address_in_use_is_told_or_concealed() {
    for inhibit in [false, true] {
        let server = TestServer::under(|it| it.threepids.inhibit_errors = inhibit);
        let alice = server.registered("alice").await;
        server
            .given_address(text(&alice, "access_token"), ADDRESS)
            .await;
        let answer = server
            .post(EMAIL, &email_wish("ALICE@example.org", json!({})))
            .await;
        if inhibit {
            let sid = answer.body_of(200);
            assert_eq!(text(&sid, "sid").len(), 16);
            let told = server.mailer.mails().pop().unwrap();
            assert_eq!(told.content, MailContent::AlreadyInUse);
        } else {
            answer.refuses(400, "M_THREEPID_IN_USE");
        }
    }
}

#[tokio::test]
async fn clients_are_limited() {
    let server = TestServer::under(|it| {
        it.rates.threepid_validation = Rate {
            per_second: 0.1,
            burst_count: 1.0,
        };
    });
    let path = "/_matrix/client/v3/register/email/requestToken";
    let ask = async |ip: &str, email: &str| {
        let body = email_wish(email, json!({})).to_string();
        let headers = [("x-forwarded-for", ip)];
        server.send(Method::POST, path, &headers, body).await
    };
    ask("192.0.2.1", ADDRESS).await.body_of(200);
    let limited = json!({"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 10_000});
    ask("192.0.2.1", "b@example.org")
        .await
        .refuses_with(429, &limited);
    ask("192.0.2.2", ADDRESS).await.refuses_with(429, &limited);
    ask("192.0.2.3", "b@example.org").await.body_of(200);
}

#[tokio::test]
async fn a_mail_server_that_is_away_leaves_the_attempt_open() {
    let server = TestServer::new();
    server.mailer.be_down(true);
    let body = email_wish(ADDRESS, json!({}));
    server.post(EMAIL, &body).await.refuses(500, "M_UNKNOWN");
    server.mailer.be_down(false);
    server.mailed(REGISTRATION, &body).await;
    server.open_link().await;
}

#[tokio::test]
async fn phone_numbers_are_asked_about_elsewhere() {
    let server = TestServer::new();
    let answer = server.post(MSISDN, &msisdn_wish(json!({}))).await;
    answer.gives(
        200,
        &json!({
            "sid": "1",
            "submit_url": "https://matrix.example.org/_matrix/client/unstable/add_threepid/msisdn/submit_token",
        }),
    );
    let rows = [
        (json!({"client_secret": null}), "M_INVALID_PARAM"),
        (json!({"country": 1}), "M_INVALID_PARAM"),
        (json!({"phone_number": 1}), "M_INVALID_PARAM"),
        (json!({"phone_number": null}), "M_INVALID_PARAM"),
        (json!({"phone_number": "abc"}), "M_INVALID_PARAM"),
        (json!({"country": "XX"}), "M_INVALID_PARAM"),
        (json!({"send_attempt": []}), "M_INVALID_PARAM"),
        (json!({"next_link": {}}), "M_INVALID_PARAM"),
    ];
    for (others, errcode) in rows {
        let answer = server.post(MSISDN, &msisdn_wish(others)).await;
        answer.refuses(400, errcode);
    }
    server
        .post(MSISDN, &json!({}))
        .await
        .refuses(400, "M_MISSING_PARAM");
    server.identity_server.be_down(true);
    let answer = server.post(MSISDN, &msisdn_wish(json!({}))).await;
    answer.refuses(500, "M_UNKNOWN");
}
