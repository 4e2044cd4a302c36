//! Other servers that have a word in a registration. They run beside the test, hence the threads.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use registrar_http_client::peer::{Peer, Script, reply, tls};
use serde_json::{Value, json};

use crate::process::{Answer, Home, Process};

const REGISTER: &str = "/_matrix/client/v3/register";

/// A UIA session of these stages, up to the first answer that is no progress.
fn register(server: &Process, stages: &[&str]) -> Answer {
    let wish = json!({ "username": "alice", "password": "Secret-Passw0rd" });
    let mut answer = server.post(REGISTER, &wish);
    assert_eq!(answer.body["flows"], json!([{ "stages": stages }]));
    let session = answer.body["session"].clone();
    for stage in stages {
        let auth = json!({ "type": stage, "session": session, "response": "solved" });
        answer = server.post(REGISTER, &json!({ "username": "alice", "auth": auth }));
        if answer.status != 401 || answer.body.get("errcode").is_some() {
            break;
        }
    }
    answer
}

const CAPTCHA: &[&str] = &["m.login.recaptcha", "m.login.dummy"];

fn with_captcha(peer: &Peer) -> Home {
    with_captcha_at(&format!("http://127.0.0.1:{}/verify", peer.port))
}

fn with_captcha_at(verify_url: &str) -> Home {
    Home::with(&json!({
        "enable_registration_captcha": true,
        "recaptcha_public_key": "site",
        "recaptcha_private_key": "secret",
        "recaptcha_siteverify_api": verify_url,
    }))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_solved_captcha_registers_and_a_broken_provider_does_not() {
    let provider = Peer::answering("200 OK", r#"{"success":true}"#).await;
    let registered = register(&with_captcha(&provider).start(), CAPTCHA);
    assert_eq!(registered.status, 200, "{registered:?}");
    let form = "secret=secret&response=solved&remoteip=127.0.0.1";
    assert!(provider.only_request().ends_with(form));

    let provider = Peer::answering("200 OK", r#"{"success":false}"#).await;
    let failed = register(&with_captcha(&provider).start(), CAPTCHA);
    assert_eq!(
        (failed.status, &failed.body["completed"]),
        (401, &json!([]))
    );

    let provider = Peer::answering("503 Unavailable", r#"{"success":true}"#).await;
    let home = with_captcha(&provider);
    let server = home.start();
    let broken = register(&server, CAPTCHA);
    assert_eq!(broken.status, 500, "{broken:?}");
    let log = server.terminate();
    assert!(log.contains("unexpected status 503"), "{log}");
    assert!(!log.contains("solved"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn authorities_that_the_machine_trusts_are_trusted() {
    for (trusted, expected) in [(true, 200), (false, 500)] {
        let (acceptor, certificate) = tls("127.0.0.1");
        let provider = Peer::start(Script {
            reply: reply("200 OK", r#"{"success":true}"#),
            tls: Some(acceptor),
            ..Script::default()
        })
        .await;
        let home = with_captcha_at(&format!("https://127.0.0.1:{}/verify", provider.port));
        let bundle = home.path().join("authorities.pem");
        let encoded = BASE64_STANDARD.encode(certificate);
        let pem = format!("-----BEGIN CERTIFICATE-----\n{encoded}\n-----END CERTIFICATE-----\n");
        std::fs::write(&bundle, if trusted { pem } else { String::new() }).unwrap();
        let server = home.start_with(&[("SSL_CERT_FILE", &bundle)]);
        let registered = register(&server, CAPTCHA);
        assert_eq!(registered.status, expected, "{trusted} {registered:?}");
    }
}

/// A home whose registrations a service judges.
fn with_webhook(peer: &Peer, on_failure: &str) -> Home {
    let webhook: Value = json!({
        "url": format!("http://127.0.0.1:{}/hook", peer.port),
        "secret": "opensesame",
        "on_failure": on_failure,
        "questions": ["check_registration"],
    });
    Home::with(&json!({
        "registrar": {
            "hashing": { "memory_kib": 8, "passes": 1 },
            "log": { "format": "json", "filter": "info" },
            "webhook": webhook,
        },
    }))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_webhook_has_the_last_word() {
    for (status, answer, on_failure, expected) in [
        ("200 OK", r#"{"verdict":"allow"}"#, "deny", 200),
        ("200 OK", r#"{"verdict":"deny"}"#, "allow", 429),
        ("500 Oops", r#"{"verdict":"allow"}"#, "deny", 500),
        ("500 Oops", r#"{"verdict":"deny"}"#, "allow", 200),
        ("413 Too Large", r#"{"verdict":"allow"}"#, "allow", 400),
        ("422 Odd", r#"{"verdict":"allow"}"#, "deny", 400),
    ] {
        let service = Peer::answering(status, answer).await;
        let home = with_webhook(&service, on_failure);
        let registered = register(&home.start(), &["m.login.dummy"]);
        assert_eq!(
            registered.status, expected,
            "{status} {answer} {registered:?}"
        );
        let request = service.only_request();
        assert!(request.contains("Bearer opensesame"), "{request}");
        assert!(request.contains(r#""username":"alice""#), "{request}");
        assert!(!request.contains("Passw0rd"), "{request}");
    }
}
