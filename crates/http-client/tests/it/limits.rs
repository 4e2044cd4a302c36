//! Servers that never stop talking, and requests that nobody can be asked.

use std::time::Duration;

use registrar_http_client::peer::{Peer, Script, Then, reply};
use registrar_http_client::{Client, ExchangeError, Options};

async fn ask(script: Script, options: &Options) -> Result<(), ExchangeError> {
    let peer = Peer::start(script).await;
    let url = format!("http://127.0.0.1:{}", peer.port);
    let client = Client::new(&url, options).unwrap();
    client.post_form("", &[("a", "b")]).await.map(drop)
}

fn sends(reply: impl Into<Vec<u8>>, then: Then) -> Script {
    Script {
        reply: reply.into(),
        then,
        ..Script::default()
    }
}

const OK: &str = "HTTP/1.1 200 OK\r\n";
const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
const EXTENDED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;x=";

#[tokio::test]
async fn nothing_is_read_without_end() {
    let without_end = |bytes| Then::Repeat(bytes, 0);
    let many_headers: String = (0..200).map(|i| format!("X-{i}: y\r\n")).collect();
    let rows: [(&str, Script); 9] = [
        (
            "status line",
            sends("HTTP/1.1 200 ", without_end(&[b'O'; 4096])),
        ),
        ("header name", sends(OK, without_end(&[b'x'; 4096]))),
        (
            "header value",
            sends(format!("{OK}X: "), without_end(&[b'x'; 4096])),
        ),
        (
            "headers",
            sends(format!("{OK}{many_headers}\r\n"), Then::Hang),
        ),
        (
            "informational answers",
            sends(
                "",
                without_end(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"),
            ),
        ),
        (
            "chunk extension",
            sends(format!("{CHUNKED}1;x="), without_end(&[b'x'; 4096])),
        ),
        (
            "chunk extensions",
            sends(
                CHUNKED,
                without_end(b"1;name=a-rather-long-value-that-says-nothing\r\na\r\n"),
            ),
        ),
        (
            "body",
            sends(format!("{OK}\r\n"), without_end(&[b'x'; 4096])),
        ),
        (
            "trailers",
            sends(format!("{CHUNKED}0\r\n"), without_end(b"X: y\r\n")),
        ),
    ];
    for (what, script) in rows {
        // No deadline ends this: only the bounds do.
        let found = ask(script, &Options::default()).await;
        assert!(
            matches!(
                found,
                Err(ExchangeError::TooLong(_) | ExchangeError::Failed(_))
            ),
            "{what}: {found:?}"
        );
    }
}

#[tokio::test]
async fn a_server_that_drips_gets_no_more_time_than_one_that_hangs() {
    let options = Options::default().within(Duration::from_millis(300));
    for start in ["HTTP/1.1 200 ", OK, "HTTP/1.1 200 OK\r\n\r\n", EXTENDED] {
        for then in [Then::Hang, Then::Repeat(b"1", 5)] {
            let found = ask(sends(start, then), &options).await;
            assert!(
                matches!(found, Err(ExchangeError::TimedOut)),
                "{start}: {found:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_request_that_is_too_long_is_not_sent() {
    let peer = Peer::start(sends(reply("200 OK", "{}"), Then::KeepOpen)).await;
    let url = format!("http://127.0.0.1:{}", peer.port);
    let options = Options {
        max_request_bytes: 1000,
        ..Options::default()
    };
    let client = Client::new(&url, &options).unwrap();
    let (short, long) = ("x".repeat(900), "x".repeat(1001));
    client.post_json("", &short).await.unwrap();
    client.post_form("", &[("a", &short)]).await.unwrap();
    client.get(&format!("/{short}")).await.unwrap();
    let refused = [
        client.post_json("", &long).await.map(drop),
        client.post_form("", &[("a", &long)]).await.map(drop),
        client.get(&format!("/{long}")).await.map(drop),
    ];
    for refused in refused {
        assert!(
            matches!(refused, Err(ExchangeError::Unsendable(_))),
            "{refused:?}"
        );
    }
    assert_eq!(peer.requests().len(), 3);
}
