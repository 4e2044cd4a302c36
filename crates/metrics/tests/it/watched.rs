//! What is counted of the ports that a server is wired to.

use registrar_domain::model::threepid::{ClientSecret, EmailAddress};
use registrar_domain::ports::mailer::MailContent;
use registrar_domain::ports::store::StoreErrorKind;
use registrar_domain::ports::{EmailValidation, Intent, Mail, Ports};
use registrar_testkit::{CaptchaOutage, Fakes};

use crate::numbers::{Numbers, assert_risen, metrics};

fn ports() -> (Ports, Fakes) {
    let fakes = Fakes::seeded(7);
    (fakes.ports(), fakes)
}

fn units(intent: &str, outcome: &str) -> [String; 3] {
    [
        format!(r#"registrar_db_checkout_seconds_count{{intent="{intent}"}}"#),
        format!(r#"registrar_db_unit_of_work_seconds_count{{intent="{intent}"}}"#),
        format!(r#"registrar_db_units_of_work_total{{intent="{intent}",outcome="{outcome}"}}"#),
    ]
}

#[tokio::test]
async fn units_of_work_are_counted_by_how_they_end() {
    let metrics = metrics();
    let (ports, fakes) = ports();
    let ports = metrics.watch(ports);
    let begin = |intent| ports.store.begin(intent);
    let check = |before: &Numbers, intent: &str, outcome: &str| {
        let expected = units(intent, outcome);
        let expected: Vec<_> = expected.iter().map(String::as_str).collect();
        assert_risen(before, &Numbers::of(&metrics), &expected);
    };

    let before = Numbers::of(&metrics);
    begin(Intent::Write).await.unwrap().commit().await.unwrap();
    check(&before, "write", "done");

    let before = Numbers::of(&metrics);
    drop(begin(Intent::Write).await.unwrap());
    check(&before, "write", "rolled_back");

    let before = Numbers::of(&metrics);
    drop(begin(Intent::Read).await.unwrap());
    check(&before, "read", "done");

    let before = Numbers::of(&metrics);
    fakes.store.contend_next(1);
    let outcome = begin(Intent::Write).await.unwrap().commit().await;
    assert!(outcome.unwrap_err().is_contended());
    check(&before, "write", "contended");

    let before = Numbers::of(&metrics);
    fakes.store.refuse_next(1);
    let Err(error) = begin(Intent::Read).await else {
        panic!("it was not refused");
    };
    assert_eq!(error.kind, StoreErrorKind::Unavailable);
    let [checkout, _, ended] = units("read", "unavailable");
    assert_risen(&before, &Numbers::of(&metrics), &[&checkout, &ended]);
    let waiting = Numbers::of(&metrics).value(r#"registrar_db_waiting{intent="read"}"#);
    assert!(waiting.abs() < f64::EPSILON);
}

#[tokio::test]
async fn mails_are_counted_by_kind() {
    let metrics = metrics();
    let EmailValidation::Local(mailer) = metrics.watch(ports().0).email else {
        panic!("it was there");
    };
    let before = Numbers::of(&metrics);
    let mail = Mail {
        to: EmailAddress::parse("alice@example.org").unwrap(),
        content: MailContent::AlreadyInUse,
    };
    mailer.send(&mail).await.unwrap();
    assert_risen(
        &before,
        &Numbers::of(&metrics),
        &[
            "registrar_mail_seconds_count",
            r#"registrar_mails_total{kind="already_in_use",outcome="sent"}"#,
            r#"synapse_emails_sent_total{type="already_in_use"}"#,
        ],
    );
}

#[tokio::test]
async fn captchas_are_counted_by_what_the_provider_says() {
    let metrics = metrics();
    let (ports, fakes) = ports();
    let captcha = metrics.watch(ports).captcha.unwrap();
    let rows = [
        (None, "good", "human", "200"),
        (None, "bad", "rejected", "200"),
        (Some(CaptchaOutage::Silence), "good", "timed_out", "ERR"),
        (Some(CaptchaOutage::Nonsense), "good", "unusable", "ERR"),
    ];
    for (outage, response, outcome, code) in rows {
        fakes.captcha.fail(outage);
        let before = Numbers::of(&metrics);
        let _verdict = captcha.verify(response, None).await;
        assert_risen(
            &before,
            &Numbers::of(&metrics),
            &[
                "registrar_captcha_seconds_count",
                &format!(r#"registrar_captcha_verifications_total{{outcome="{outcome}"}}"#),
                r#"synapse_http_client_requests_total{method="POST"}"#,
                &format!(r#"synapse_http_client_responses_total{{code="{code}",method="POST"}}"#),
            ],
        );
    }
}

#[tokio::test]
async fn calls_to_identity_servers_are_counted() {
    let metrics = metrics();
    let server = metrics.watch(ports().0).msisdn.unwrap();
    let before = Numbers::of(&metrics);
    let secret = ClientSecret::parse("secret").unwrap();
    server.validated("1", &secret).await.unwrap();
    assert_risen(
        &before,
        &Numbers::of(&metrics),
        &[
            r#"registrar_identity_server_calls_total{call="validated",outcome="done"}"#,
            r#"registrar_identity_server_seconds_count{call="validated"}"#,
            r#"synapse_http_client_requests_total{method="GET"}"#,
            r#"synapse_http_client_responses_total{code="200",method="GET"}"#,
        ],
    );
}
