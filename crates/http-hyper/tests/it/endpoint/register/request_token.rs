//! `POST /_matrix/client/v3/register/email/requestToken` and `/register/msisdn/requestToken`

use http::Method;
use registrar_domain::model::limit::Rate;
use registrar_domain::model::threepid::{Medium, Threepid};
use registrar_domain::model::uia::Stage;
use registrar_domain::model::uia::flow::Flow;
use registrar_domain::ports::EmailValidation;
use registrar_domain::ports::mailer::MailContent;
use serde_json::{Value, json};

use crate::client::text;
use crate::mails::{ADDRESS, REGISTRATION, email_request, msisdn_request};
use crate::server::TestServer;

const EMAIL: &str = "/register/email/requestToken";
const MSISDN: &str = "/register/msisdn/requestToken";

#[tokio::test]
async fn a_mail_goes_to_the_canonical_address() {
    let server = TestServer::new();
    let body = email_request(" Alice@Example.ORG ", json!({"id_server": 1, "other": []}));
    let answer = server.post(EMAIL, &body).await.body_of(200);
    let sid = text(&answer, "sid");
    assert_eq!(answer, json!({"sid": sid}));
    assert!(sid.len() == 24 && sid.bytes().all(|b| b.is_ascii_alphabetic()));
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
        let body = email_request(ADDRESS, json!({"send_attempt": number}));
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
async fn complaints_about_email_come_in_the_order_of_synapse() {
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
            email_request("x", json!({"client_secret": null})),
            400,
            "M_INVALID_PARAM",
        ),
        (
            email_request("x", json!({"client_secret": 1})),
            400,
            "M_INVALID_PARAM",
        ),
        (
            email_request("x", json!({"client_secret": ""})),
            400,
            "M_INVALID_PARAM",
        ),
        (
            email_request("x", json!({"client_secret": "a+b"})),
            400,
            "M_INVALID_PARAM",
        ),
        (
            email_request("x", json!({"client_secret": long})),
            400,
            "M_INVALID_PARAM",
        ),
        (
            email_request("x", json!({"email": null})),
            400,
            "M_INVALID_PARAM",
        ),
        (
            email_request("x", json!({"email": 1})),
            400,
            "M_INVALID_PARAM",
        ),
        (
            email_request("x", json!({"send_attempt": "1"})),
            400,
            "M_UNKNOWN",
        ),
        (email_request("a@b@c", json!({})), 400, "M_UNKNOWN"),
        (email_request(&"x".repeat(501), json!({})), 400, "M_UNKNOWN"),
        (
            email_request("x@elsewhere.org", json!({"send_attempt": "1"})),
            400,
            "M_INVALID_PARAM",
        ),
        (
            email_request("x@elsewhere.org", json!({"send_attempt": null})),
            400,
            "M_INVALID_PARAM",
        ),
        (
            email_request("x@elsewhere.org", json!({"next_link": 1})),
            400,
            "M_INVALID_PARAM",
        ),
        (
            email_request("x@elsewhere.org", json!({"next_link": "ftp://x"})),
            400,
            "M_INVALID_PARAM",
        ),
        (
            email_request("x@elsewhere.org", json!({})),
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
        .mailed(REGISTRATION, &email_request(ADDRESS, json!({})))
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
    closed
        .post(MSISDN, &Value::Null)
        .await
        .refuses(403, "M_FORBIDDEN");
    let off = TestServer::over(|_| {}, |ports| ports.msisdn = None);
    let answer = off.post(MSISDN, &msisdn_request(json!({}))).await;
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
            .post(EMAIL, &email_request("ALICE@example.org", json!({})))
            .await;
        if inhibit {
            let sid = answer.body_of(200);
            assert_eq!(text(&sid, "sid").len(), 24);
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
        let body = email_request(email, json!({})).to_string();
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
    let body = email_request(ADDRESS, json!({}));
    server.post(EMAIL, &body).await.refuses(500, "M_UNKNOWN");
    server.mailer.be_down(false);
    server.mailed(REGISTRATION, &body).await;
    server.open_link().await;
}

#[tokio::test]
async fn phone_numbers_are_asked_about_elsewhere() {
    let server = TestServer::new();
    let answer = server.post(MSISDN, &msisdn_request(json!({}))).await;
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
        let answer = server.post(MSISDN, &msisdn_request(others)).await;
        answer.refuses(400, errcode);
    }
    server
        .post(MSISDN, &json!({}))
        .await
        .refuses(400, "M_MISSING_PARAM");
    server.identity_server.be_down(true);
    let answer = server.post(MSISDN, &msisdn_request(json!({}))).await;
    answer.refuses(500, "M_UNKNOWN");
}

#[tokio::test]
async fn phone_numbers_are_texted_covertly_where_nothing_may_be_disclosed() {
    let server = TestServer::under(|it| it.threepids.inhibit_errors = true);
    let first = server
        .post(MSISDN, &msisdn_request(json!({})))
        .await
        .body_of(200);
    let sid = text(&first, "sid");
    assert_eq!(sid.len(), 24);
    let expected = json!({
        "sid": sid,
        "success": true,
        "msisdn": "447700900001",
        "intl_fmt": "+447700900001",
        "submit_url": "https://matrix.example.org/_matrix/client/unstable/add_threepid/msisdn/submit_token",
    });
    assert_eq!(first, expected);
    server
        .post(MSISDN, &msisdn_request(json!({})))
        .await
        .gives(200, &expected);
    let body = json!({"sid": sid, "client_secret": "secret", "token": "1"}).to_string();
    let path = "/_matrix/client/unstable/add_threepid/msisdn/submit_token";
    let answer = server.send(Method::POST, path, &[], body).await;
    answer.refuses(400, "M_UNKNOWN");
}

#[tokio::test]
async fn nothing_is_sent_while_registration_is_closed() {
    let server = TestServer::under(|it| it.registration.enabled = false);
    for path in [EMAIL, MSISDN] {
        for body in [
            json!({}),
            email_request(ADDRESS, json!({})),
            msisdn_request(json!({})),
        ] {
            server.post(path, &body).await.refuses(403, "M_FORBIDDEN");
        }
    }
    assert!(server.mailer.mails().is_empty() && server.identity_server.msisdns().is_empty());
}

#[tokio::test]
async fn the_session_is_named_in_any_of_three_places() {
    let server = TestServer::under(|it| {
        it.threepids.validation.required_stages = vec![Stage::Terms];
        it.registration.flows = vec![Flow::new([Stage::Terms, Stage::Email])];
    });
    let body = json!({"username": "alice", "password": "Secret-Passw0rd"});
    let prompt = server.post("/register", &body).await.body_of(401);
    let session = text(&prompt, "session");
    let link = format!("https://app.example.org/#/register?session_id={session}");
    let ways = [
        json!({"session": session}),
        json!({"auth": {"session": session}}),
        json!({"next_link": link}),
    ];
    for way in &ways {
        let answer = server
            .post(EMAIL, &email_request(ADDRESS, way.clone()))
            .await;
        answer.refuses(403, "M_FORBIDDEN");
    }
    let auth = json!({"type": "m.login.terms", "session": session});
    server
        .post("/register", &json!({"auth": auth}))
        .await
        .body_of(401);
    for way in &ways {
        server
            .mailed(REGISTRATION, &email_request(ADDRESS, way.clone()))
            .await;
    }
    for none in [json!({}), json!({"session": 1}), json!({"auth": []})] {
        let answer = server.post(EMAIL, &email_request(ADDRESS, none)).await;
        answer.refuses(403, "M_FORBIDDEN");
    }
    // Only signed-in users add addresses.
    let path = "/account/3pid/email/requestToken";
    let body = email_request("b@example.org", json!({}));
    server
        .post(path, &body)
        .await
        .refuses(401, "M_MISSING_TOKEN");
}

#[tokio::test]
async fn additions_ask_for_an_access_token_where_the_operator_wants_one() {
    let server = TestServer::under(|it| it.threepids.validation.login_required = true);
    let alice = server.registered("alice").await;
    for (path, body) in [
        (
            "/account/3pid/email/requestToken",
            email_request(ADDRESS, json!({})),
        ),
        (
            "/account/3pid/msisdn/requestToken",
            msisdn_request(json!({})),
        ),
    ] {
        server
            .post(path, &body)
            .await
            .refuses(401, "M_MISSING_TOKEN");
        let token = text(&alice, "access_token");
        server.post_as(token, path, &body).await.body_of(200);
    }
    server
        .mailed(REGISTRATION, &email_request(ADDRESS, json!({})))
        .await;
}

#[tokio::test]
async fn a_cap_of_the_deployment_says_when_to_come_back() {
    let server = TestServer::under(|it| it.threepids.validation.max_mails_per_hour = Some(1));
    server
        .mailed(REGISTRATION, &email_request(ADDRESS, json!({})))
        .await;
    let answer = server
        .post(EMAIL, &email_request("b@example.org", json!({})))
        .await;
    let expected = json!({"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 2_800_000});
    answer.refuses_with(429, &expected);
}
