//! What answers mean, and what happens without one.

use std::time::Duration;

use registrar_domain::ports::HookError;
use registrar_domain::ports::registration_hooks::RegistrationVerdict::{Allow, Deny, ShadowBan};
use registrar_domain::ports::registration_hooks::{RegistrationFacts, RegistrationHooks as _};
use registrar_http_client::peer::{Peer, Script, Then, reply};
use registrar_webhook::{OnFailure, Options};
use tokio::net::TcpListener;

use crate::{ask, facts, options, webhook};

#[tokio::test]
async fn verdicts() {
    let rows = [
        (r#"{"verdict":"allow"}"#, Some(Allow)),
        (r#"{"verdict":"deny","why":"spam"}"#, Some(Deny)),
        (r#"{"verdict":"shadow_ban"}"#, Some(ShadowBan)),
        (r#"{"verdict":"Allow"}"#, None),
        (r#"{"verdict":""}"#, None),
        (r#"{"verdict":null}"#, None),
        (r#"{"verdict":true}"#, None),
        (r#"{"allowed":true}"#, None),
        ("{}", None),
    ];
    for (body, expected) in rows {
        let peer = Peer::answering("200 OK", body).await;
        let found = ask(&webhook(&options(peer.port))).await.verdict;
        assert_eq!(found.ok(), expected, "{body}");
    }
}

#[tokio::test]
async fn names_and_display_names() {
    let rows = [
        (r#"{"KEY":"bob"}"#, Some(Some("bob"))),
        (
            r#"{"KEY":"Bob, the 2nd 🌟"}"#,
            Some(Some("Bob, the 2nd 🌟")),
        ),
        (r#"{"KEY":null}"#, Some(None)),
        (r#"{"KEY":""}"#, None),
        (r#"{"KEY":7}"#, None),
        (r#"{"KEY":["bob"]}"#, None),
        ("{}", None),
    ];
    for (body, expected) in rows {
        let peer = Peer::answering("200 OK", &body.replace("KEY", "username")).await;
        let found = ask(&webhook(&options(peer.port))).await;
        let username = found.username.ok();
        assert_eq!(username.as_ref().map(Option::as_deref), expected, "{body}");
        assert!(found.display_name.is_err());

        let peer = Peer::answering("200 OK", &body.replace("KEY", "display_name")).await;
        let found = ask(&webhook(&options(peer.port))).await;
        let name = found.display_name.ok();
        assert_eq!(name.as_ref().map(Option::as_deref), expected, "{body}");
        assert!(found.username.is_err());
    }
}

#[tokio::test]
async fn identifiers() {
    let rows = [
        (r#"{"allowed":true}"#, Some(true)),
        (r#"{"allowed":false}"#, Some(false)),
        (r#"{"allowed":1}"#, None),
        (r#"{"allowed":"true"}"#, None),
        (r#"{"allowed":null}"#, None),
        (r#"{"verdict":"allow"}"#, None),
    ];
    for (body, expected) in rows {
        let peer = Peer::answering("200 OK", body).await;
        let found = ask(&webhook(&options(peer.port))).await.allowed;
        assert_eq!(found.ok(), expected, "{body}");
    }
}

/// An answer to every question, if only it were a success.
const GOOD: &str = r#"{"verdict":"deny","username":"bob","display_name":"Bob","allowed":false}"#;

/// Fails in this way, whatever the operator wants to happen then.
async fn expect_failure(name: &str, options: &Options, is_expected: fn(&HookError) -> bool) {
    let mut options = options.clone();
    options.on_failure = OnFailure::Deny;
    for error in ask(&webhook(&options)).await.errors() {
        assert!(is_expected(&error), "{name} {error:?}");
    }
    options.on_failure = OnFailure::Allow;
    let answers = ask(&webhook(&options)).await;
    assert!(answers.are_indifferent(), "{name}");
}

#[tokio::test]
async fn what_is_no_answer_denies_or_allows_as_configured() {
    let too_long = format!(r#"{{"a":"{}",{}"#, "a".repeat(17_000), &GOOD[1..]);
    let rows = [
        ("unknown secret", reply("401 Unauthorized", GOOD)),
        ("broken", reply("500 Internal Server Error", GOOD)),
        ("elsewhere", reply("307 Temporary Redirect", GOOD)),
        ("nothing", reply("204 No Content", "")),
        ("a page", reply("200 OK", "<html>")),
        ("a list", reply("200 OK", "[]")),
        ("nothing useful", reply("200 OK", "{}")),
        ("length", reply("200 OK", &too_long)),
        (
            "half",
            b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{".to_vec(),
        ),
        ("no HTTP", b"220 sink ESMTP\r\n\r\n".to_vec()),
    ];
    for (name, reply) in rows {
        let script = Script {
            reply,
            then: Then::HangUp,
            ..Script::default()
        };
        let options = options(Peer::start(script).await.port);
        expect_failure(name, &options, |e| matches!(e, HookError::Unusable(_))).await;
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let options = options(listener.local_addr().unwrap().port());
    drop(listener);
    expect_failure("nobody", &options, |e| matches!(e, HookError::Unusable(_))).await;
}

/// Cannot be asked because of what the client sent, whatever the operator wants to happen when there
/// is no answer.
async fn expect_unaskable(name: &str, facts: &RegistrationFacts, options: &Options) {
    for on_failure in [OnFailure::Deny, OnFailure::Allow] {
        let mut options = options.clone();
        options.on_failure = on_failure;
        let hook = webhook(&options);
        let errors = [
            hook.check_registration(facts).await.map(drop).unwrap_err(),
            hook.choose_username(facts).await.map(drop).unwrap_err(),
            hook.choose_display_name(facts).await.map(drop).unwrap_err(),
        ];
        for error in errors {
            assert!(matches!(error, HookError::Unaskable(_)), "{name} {error:?}");
        }
    }
}

#[tokio::test]
async fn a_question_that_cannot_be_asked_is_never_a_yes() {
    for status in [
        "400 Bad Request",
        "413 Payload Too Large",
        "414 URI Too Long",
        "422 Unprocessable Content",
        "431 Request Header Fields Too Large",
    ] {
        let peer = Peer::answering(status, GOOD).await;
        expect_unaskable(status, &facts(), &options(peer.port)).await;
    }

    let peer = Peer::answering("200 OK", GOOD).await;
    let mut long = facts();
    long.clients[0].user_agent = "x".repeat(64 * 1024);
    expect_unaskable("user agent", &long, &options(peer.port)).await;
    let mut many = facts();
    many.clients = vec![many.clients[0].clone(); 4000];
    expect_unaskable("clients", &many, &options(peer.port)).await;
    let mut named = facts();
    named.username = Some("\0".repeat(20_000));
    expect_unaskable("escapes", &named, &options(peer.port)).await;
    assert!(peer.requests().is_empty());
}

#[tokio::test]
async fn silence_is_a_timeout() {
    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{".to_vec();
    for reply in [Vec::new(), head] {
        let script = Script {
            reply,
            then: Then::Hang,
            ..Script::default()
        };
        let mut options = options(Peer::start(script).await.port);
        options.http = options.http.within(Duration::from_millis(50));
        expect_failure("silence", &options, |e| matches!(e, HookError::TimedOut)).await;
    }
}
