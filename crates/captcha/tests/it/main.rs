//! `SiteVerify` against a real HTTP listener on loopback.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::net::IpAddr;
use std::time::Duration;

use registrar_captcha::{Options, Provider, SiteVerify};
use registrar_domain::model::secret::Secret;
use registrar_domain::ports::{CaptchaError, CaptchaVerdict, CaptchaVerifier as _};
use registrar_http_client::SetupError;
use registrar_http_client::peer::{Peer, Script, Then, reply, tls};
use tokio::net::TcpListener;

fn options(port: u16) -> Options {
    let key = Secret::new("s&cret".to_owned());
    let mut options = Options::new(Provider::Recaptcha, key);
    options.verify_url = format!("http://127.0.0.1:{port}/siteverify");
    options.http.user_agent = "registrar-test/1".to_owned();
    options
}

async fn ask(options: Options) -> Result<CaptchaVerdict, CaptchaError> {
    let ip: IpAddr = "::ffff:192.0.2.1".parse().unwrap();
    let captcha = SiteVerify::new(options).unwrap();
    captcha.verify("a=b&secret=c", Some(ip)).await
}

#[tokio::test]
async fn a_form_goes_out_with_key_response_and_address() {
    let peer = Peer::answering("200 OK", r#"{"success":true}"#).await;
    ask(options(peer.port)).await.unwrap();
    let request = peer.only_request();
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    let mut lines: Vec<&str> = head.split("\r\n").collect();
    lines[1..].sort_unstable();
    let host = format!("host: 127.0.0.1:{}", peer.port);
    let length = format!("content-length: {}", body.len());
    let expected = [
        "POST /siteverify HTTP/1.1",
        "accept: application/json",
        &length,
        "content-type: application/x-www-form-urlencoded",
        &host,
        "user-agent: registrar-test/1",
    ];
    assert_eq!(lines, expected);
    assert_eq!(
        body,
        "secret=s%26cret&response=a%3Db%26secret%3Dc&remoteip=192.0.2.1"
    );
}

#[tokio::test]
async fn an_unknown_address_is_not_sent() {
    let peer = Peer::answering("200 OK", "{}").await;
    let captcha = SiteVerify::new(options(peer.port)).unwrap();
    captcha.verify("r", None).await.unwrap();
    let request = peer.only_request();
    assert!(
        request.ends_with("\r\n\r\nsecret=s%26cret&response=r"),
        "{request}"
    );
}

#[tokio::test]
async fn success_decides_and_nothing_else() {
    use CaptchaVerdict::{Human, Rejected};
    let rows = [
        (r#"{"success":true}"#, Human),
        (r#"{"success":true,"hostname":"elsewhere.example"}"#, Human),
        (r#"{"success":1}"#, Human),
        (r#"{"success":"yes"}"#, Human),
        (r#"{"success":[0]}"#, Human),
        (r#"{"success":{"a":0}}"#, Human),
        (r#"{"success":false}"#, Rejected),
        (r#"{"success":null}"#, Rejected),
        (r#"{"success":0}"#, Rejected),
        (r#"{"success":0.0}"#, Rejected),
        (r#"{"success":""}"#, Rejected),
        (r#"{"success":[]}"#, Rejected),
        (r#"{"success":{}}"#, Rejected),
        (r#"{"Success":true}"#, Rejected),
        ("{}", Rejected),
        ("[]", Rejected),
        (r#"["success"]"#, Rejected),
        (r#""success""#, Rejected),
        (
            r#"{"success":false,"error-codes":["invalid-input-secret",7]}"#,
            Rejected,
        ),
        (r#"{"error-codes":"timeout-or-duplicate"}"#, Rejected),
    ];
    for (body, verdict) in rows {
        for status in ["200 OK", "202 Accepted"] {
            let peer = Peer::answering(status, body).await;
            let given = ask(options(peer.port)).await.unwrap();
            assert_eq!(given, verdict, "{body}");
        }
    }
}

#[tokio::test]
async fn trouble_is_an_error_and_never_a_pass() {
    let good = r#"{"success":true}"#;
    let too_long = format!(r#"{{"success":true,"a":"{}"}}"#, "a".repeat(70_000));
    let unknown_length = format!("HTTP/1.1 500 Oops\r\n\r\n{good}").into_bytes();
    let rows = [
        ("refused", reply("400 Bad Request", good)),
        ("broken", reply("500 Internal Server Error", good)),
        ("elsewhere", reply("302 Found", good)),
        ("broken, of unknown length", unknown_length),
        ("nothing", reply("204 No Content", "")),
        ("a page", reply("200 OK", "<html>")),
        ("null", reply("200 OK", "null")),
        ("a number", reply("200 OK", "1")),
        ("a flag", reply("200 OK", "true")),
        (
            "half",
            b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{\"succ".to_vec(),
        ),
        ("length", reply("200 OK", &too_long)),
        ("no HTTP", b"220 sink ESMTP\r\n\r\n".to_vec()),
    ];
    for (name, reply) in rows {
        let script = Script {
            reply,
            then: Then::HangUp,
            ..Script::default()
        };
        let outcome = ask(options(Peer::start(script).await.port)).await;
        assert!(
            matches!(outcome, Err(CaptchaError::Unusable(_))),
            "{name} {outcome:?}"
        );
    }
}

#[tokio::test]
async fn silence_is_a_timeout() {
    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\n{\"success".to_vec();
    for (reply, then) in [
        (Vec::new(), Then::Hang),
        (head, Then::Hang),
        (Vec::new(), Then::HangUp),
    ] {
        let script = Script {
            reply,
            then,
            ..Script::default()
        };
        let mut options = options(Peer::start(script).await.port);
        options.http.headers_timeout = Duration::from_millis(100);
        options.http.total_timeout = Duration::from_millis(200);
        let outcome = ask(options).await;
        assert!(
            matches!(outcome, Err(CaptchaError::TimedOut)),
            "{outcome:?}"
        );
    }
}

#[tokio::test]
async fn nobody_there_and_the_wrong_one_there_are_errors() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let nobody = ask(options(port)).await;
    assert!(
        matches!(nobody, Err(CaptchaError::Unusable(_))),
        "{nobody:?}"
    );

    let (acceptor, _unknown_root) = tls("localhost");
    let script = Script {
        reply: reply("200 OK", r#"{"success":true}"#),
        tls: Some(acceptor),
        ..Script::default()
    };
    let peer = Peer::start(script).await;
    let mut options = options(peer.port);
    options.verify_url = format!("https://localhost:{}", peer.port);
    let impostor = ask(options).await;
    assert!(
        matches!(impostor, Err(CaptchaError::Unusable(_))),
        "{impostor:?}"
    );
    assert!(peer.requests().is_empty());
}

#[tokio::test]
async fn no_error_and_no_debug_output_shows_what_was_sent() {
    let peer = Peer::answering("500 Oops", "s&cret").await;
    let verifier = SiteVerify::new(options(peer.port)).unwrap();
    let error = verifier.verify("resp", None).await.unwrap_err();
    let shown = format!("{verifier:?} {:?} {error:?} {error}", options(1));
    assert!(
        !shown.contains("s&cret") && !shown.contains("s%26cret"),
        "{shown}"
    );
}

#[test]
fn every_provider_has_a_name_and_a_url_that_works() {
    for provider in Provider::ALL {
        assert_eq!(Provider::parse(provider.name()), Some(provider));
        assert!(provider.verify_url().starts_with("https://"));
        let options = Options::new(provider, Secret::new("key".to_owned()));
        assert!(SiteVerify::new(options).is_ok());
    }
    assert_eq!(Provider::parse("captcha"), None);
    let mut options = options(1);
    options.verify_url = "nowhere".to_owned();
    assert!(matches!(SiteVerify::new(options), Err(SetupError::Url(_))));
}

#[tokio::test]
async fn a_response_that_is_too_long_to_be_verified_is_no_solution() {
    let peer = Peer::answering("200 OK", r#"{"success":true}"#).await;
    let captcha = SiteVerify::new(options(peer.port)).unwrap();
    for response in ["x".repeat(70_000), "&".repeat(30_000)] {
        let verdict = captcha.verify(&response, None).await.unwrap();
        assert_eq!(verdict, CaptchaVerdict::Rejected);
    }
    assert!(peer.requests().is_empty());
}
