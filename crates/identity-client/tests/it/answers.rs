//! What the domain is told, for every kind of answer and for none.

use std::time::Duration;

use registrar_domain::model::threepid::Medium;
use registrar_domain::model::verbatim::Verbatim;
use registrar_domain::ports::identity_server::SubmitTokenReply;
use registrar_domain::ports::{IdentityServer as _, IdentityServerError as Error};
use registrar_http_client::peer::{Peer, Script, Then, reply};
use registrar_identity_client::HttpIdentityServer;
use tokio::net::TcpListener;

use crate::{client, email_request, msisdn_request, options, secret};

/// What each of the four calls makes of the same peer.
async fn all_calls(client: &HttpIdentityServer) -> [Result<(), Error>; 4] {
    [
        client.request_email_token(&email_request()).await.map(drop),
        client
            .request_msisdn_token(&msisdn_request())
            .await
            .map(drop),
        client
            .submit_msisdn_token("sid", &secret(), "token")
            .await
            .map(drop),
        client.validated("sid", &secret()).await.map(drop),
    ]
}

#[tokio::test]
async fn a_token_request_gives_the_sid_and_the_whole_answer() {
    let body = r#"{ "intl_fmt": "+44 7700 900001", "sid": "12/3", "success": true }"#;
    let peer = Peer::answering("200 OK", body).await;
    let client = client(&options(peer.port));
    let email = client.request_email_token(&email_request()).await.unwrap();
    let msisdn = client
        .request_msisdn_token(&msisdn_request())
        .await
        .unwrap();
    for reply in [email, msisdn] {
        assert_eq!(reply.sid.as_str(), "12/3");
        assert_eq!(reply.answer, Verbatim::new(200, body));
    }
}

#[tokio::test]
async fn a_token_request_without_a_sid_is_unusable() {
    for body in [
        "{}",
        r#"{"sid":null}"#,
        r#"{"sid":1}"#,
        r#"{"success":true}"#,
    ] {
        let peer = Peer::answering("200 OK", body).await;
        let client = client(&options(peer.port));
        let email = client.request_email_token(&email_request()).await;
        let msisdn = client.request_msisdn_token(&msisdn_request()).await;
        for result in [email, msisdn] {
            assert!(
                matches!(result, Err(Error::Unusable(_))),
                "{body} {result:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_submitted_token_is_judged_by_success_and_not_by_status() {
    let rows = [
        (r#"{"success":true}"#, true),
        (r#"{"success":false,"errcode":"M_NO_VALID_SESSION"}"#, false),
        (r#"{"success":"true"}"#, false),
        ("{}", false),
    ];
    for (body, accepted) in rows {
        let peer = Peer::answering("200 OK", body).await;
        let client = client(&options(peer.port));
        let reply = client
            .submit_msisdn_token("sid", &secret(), "token")
            .await
            .unwrap();
        assert_eq!(
            reply,
            SubmitTokenReply {
                accepted,
                answer: Verbatim::new(200, body),
            }
        );
    }
}

#[tokio::test]
async fn refusals_keep_status_and_body() {
    let limited = r#"{"errcode":"M_LIMIT_EXCEEDED","error":"slow","retry_after_ms":2000}"#;
    let rows = [
        ("400 Bad Request", r#"{"errcode":"M_INVALID_EMAIL"}"#, true),
        ("429 Too Many Requests", limited, true),
        ("400 Bad Request", "{}", true),
        ("400 Bad Request", r#"{"errcode":5}"#, true),
        ("403 Forbidden", r#"["M_FORBIDDEN"]"#, false),
        ("502 Bad Gateway", "<html>", false),
        ("302 Found", "", false),
    ];
    for (status_line, body, is_object) in rows {
        let peer = Peer::answering(status_line, body).await;
        let results = all_calls(&client(&options(peer.port))).await;
        for result in &results[..3] {
            let Err(Error::Refused(answer)) = result else {
                panic!("{status_line} {body} {result:?}")
            };
            assert!(status_line.starts_with(&answer.code().to_string()));
            assert_eq!(answer.text(), if is_object { body } else { "" });
        }
        let validated = client(&options(peer.port))
            .validated("sid", &secret())
            .await;
        assert!(matches!(validated, Ok(None)), "{status_line} {validated:?}");
    }
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let target = Peer::answering("200 OK", r#"{"sid":"1"}"#).await;
    let location = format!("http://127.0.0.1:{}/", target.port);
    let bytes = format!("HTTP/1.1 307 Moved\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n");
    let peer = Peer::start(Script {
        reply: bytes.into_bytes(),
        ..Script::default()
    })
    .await;
    let result = client(&options(peer.port))
        .request_email_token(&email_request())
        .await;
    assert!(
        matches!(&result, Err(Error::Refused(answer)) if answer.code() == 307),
        "{result:?}"
    );
    assert!(target.requests().is_empty());
}

#[tokio::test]
async fn what_was_validated() {
    let rows = [
        (
            r#"{"medium":"email","address":"Alice@Example.org","validated_at":7}"#,
            "alice@example.org",
        ),
        (
            r#"{"medium":"msisdn","address":"447700900001","validated_at":7}"#,
            "447700900001",
        ),
        (
            r#"{"medium":"msisdn","address":"+447700900001","validated_at":7}"#,
            "447700900001",
        ),
    ];
    for (body, address) in rows {
        let peer = Peer::answering("200 OK", body).await;
        let validated = client(&options(peer.port))
            .validated("sid", &secret())
            .await
            .unwrap();
        let validated = validated.unwrap();
        let medium = if address.contains('@') {
            Medium::Email
        } else {
            Medium::Msisdn
        };
        assert_eq!(validated.threepid.medium(), medium);
        assert_eq!(validated.threepid.address(), address);
        assert_eq!(validated.validated.unix_ms(), 7);
    }
}

#[tokio::test]
async fn no_medium_or_an_unknown_one_is_nothing_validated() {
    for body in [
        "{}",
        r#"{"medium":"fax","address":"1","validated_at":7}"#,
        r#"{"medium":1}"#,
    ] {
        let peer = Peer::answering("200 OK", body).await;
        let validated = client(&options(peer.port))
            .validated("sid", &secret())
            .await;
        assert!(matches!(validated, Ok(None)), "{body} {validated:?}");
    }
}

#[tokio::test]
async fn half_a_validation_is_unusable() {
    let bodies = [
        r#"{"medium":"email","validated_at":7}"#,
        r#"{"medium":"email","address":"nobody","validated_at":7}"#,
        r#"{"medium":"msisdn","address":"1-800","validated_at":7}"#,
        r#"{"medium":"email","address":"a@b"}"#,
        r#"{"medium":"email","address":"a@b","validated_at":"7"}"#,
    ];
    for body in bodies {
        let peer = Peer::answering("200 OK", body).await;
        let validated = client(&options(peer.port))
            .validated("sid", &secret())
            .await;
        assert!(
            matches!(validated, Err(Error::Unusable(_))),
            "{body} {validated:?}"
        );
    }
}

#[tokio::test]
async fn answers_that_make_no_sense_are_unusable() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let too_long = format!(r#"{{"sid":"{}"}}"#, "s".repeat(70_000));
    let mut not_text = reply("200 OK", r#"{"sid":"?"}"#);
    let mark = not_text.iter().rposition(|b| *b == b'?').unwrap();
    not_text[mark] = 0xff;
    let rows = [
        ("no JSON", reply("200 OK", "ok")),
        ("no object", reply("200 OK", r#"["sid"]"#)),
        ("nothing", reply("204 No Content", "")),
        ("nesting", reply("200 OK", &deep)),
        ("length", reply("200 OK", &too_long)),
        ("no UTF-8", not_text),
        ("no HTTP", b"220 sink ESMTP\r\n\r\n".to_vec()),
    ];
    for (name, reply) in rows {
        let script = Script {
            reply,
            then: Then::HangUp,
            ..Script::default()
        };
        let peer = Peer::start(script).await;
        for result in all_calls(&client(&options(peer.port))).await {
            assert!(
                matches!(result, Err(Error::Unusable(_))),
                "{name} {result:?}"
            );
        }
    }
}

#[tokio::test]
async fn an_endless_answer_is_cut_off() {
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let chunk = format!("1000\r\n{}\r\n", " ".repeat(0x1000));
    let reply = format!("{head}{}", chunk.repeat(17)).into_bytes();
    let peer = Peer::start(Script {
        reply,
        then: Then::Hang,
        ..Script::default()
    })
    .await;
    for result in all_calls(&client(&options(peer.port))).await {
        let Err(Error::Unusable(cause)) = result else {
            panic!("{result:?}")
        };
        assert_eq!(cause.to_string(), "the response is longer than 65536 bytes");
    }
}

#[tokio::test]
async fn nobody_listening_is_unusable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    for result in all_calls(&client(&options(port))).await {
        assert!(matches!(result, Err(Error::Unusable(_))), "{result:?}");
    }
}

#[tokio::test]
async fn silence_is_a_timeout_before_and_after_the_headers() {
    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{\"sid\"".to_vec();
    for reply in [Vec::new(), b"HTTP/1.1 200 OK\r\n".to_vec(), head] {
        let peer = Peer::start(Script {
            reply,
            then: Then::Hang,
            ..Script::default()
        })
        .await;
        let mut options = options(peer.port);
        options.http.headers_timeout = Duration::from_millis(100);
        options.http.total_timeout = Duration::from_millis(200);
        for result in all_calls(&client(&options)).await {
            assert!(matches!(result, Err(Error::TimedOut)), "{result:?}");
        }
    }
}

#[tokio::test]
async fn hanging_up_before_the_headers_counts_as_a_timeout() {
    let peer = Peer::start(Script {
        then: Then::HangUp,
        ..Script::default()
    })
    .await;
    for result in all_calls(&client(&options(peer.port))).await {
        assert!(matches!(result, Err(Error::TimedOut)), "{result:?}");
    }
}

#[tokio::test]
async fn half_an_answer_is_unusable() {
    let reply = b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{\"sid\"".to_vec();
    let peer = Peer::start(Script {
        reply,
        then: Then::HangUp,
        ..Script::default()
    })
    .await;
    for result in all_calls(&client(&options(peer.port))).await {
        assert!(matches!(result, Err(Error::Unusable(_))), "{result:?}");
    }
}

#[tokio::test]
async fn a_connection_closed_while_idle_is_replaced() {
    let script = Script {
        reply: reply("200 OK", r#"{"sid":"1"}"#),
        then: Then::HangUp,
        ..Script::default()
    };
    let peer = Peer::start(script).await;
    let client = client(&options(peer.port));
    for _ in 0..3 {
        client.request_email_token(&email_request()).await.unwrap();
    }
    assert_eq!(peer.requests().len(), 3);
}

#[tokio::test]
async fn what_is_too_long_to_be_asked_is_the_client_s_and_proves_nothing() {
    let peer = Peer::answering("200 OK", r#"{"sid":"1"}"#).await;
    let client = client(&options(peer.port));
    let long = "x".repeat(70_000);
    let found = client.validated(&long, &secret()).await;
    assert!(matches!(found, Ok(None)), "{found:?}");
    let found = client.submit_msisdn_token("1", &secret(), &long).await;
    assert!(matches!(found, Err(Error::Unaskable(_))), "{found:?}");
    let mut request = msisdn_request();
    request.country = long;
    let found = client.request_msisdn_token(&request).await;
    assert!(matches!(found, Err(Error::Unaskable(_))), "{found:?}");
    assert!(peer.requests().is_empty());
}
