//! The ways through a proxy, and what certificates that are not trusted look like in the log.

use std::error::Error as _;

use registrar_domain::model::secret::Secret;
use registrar_http_client::peer::{Peer, Script, reply, tls};
use registrar_http_client::{Client, ExchangeError, Options};

const PLAIN_URL: &str = "http://hs.invalid/path";
const SECURE_URL: &str = "https://hs.invalid:8443/path";

/// The requests that arrive at a proxy of this kind when something is asked through it.
async fn through(url: &str, scheme: &str, login: &str, mut script: Script) -> Vec<String> {
    let (acceptor, proxy_root) = tls("127.0.0.1");
    let (server_acceptor, server_root) = tls("hs.invalid");
    script.reply = reply("200 OK", "{}");
    script.proxy_tls = (scheme == "https").then_some(acceptor);
    script.tls = url.starts_with("https").then_some(server_acceptor);
    script.is_proxy = script.socks.is_none();
    let peer = Peer::start(script).await;
    let options = Options {
        proxy: Some(Secret::new(format!(
            "{scheme}://{login}127.0.0.1:{}",
            peer.port
        ))),
        extra_root_certificates: vec![proxy_root, server_root],
        ..Options::default()
    };
    let client = Client::new(url, &options).unwrap();
    assert_eq!(client.get("").await.unwrap().status(), 200);
    peer.requests()
}

const BASIC: &str = "Basic dTpwQHE=";

#[tokio::test]
async fn http_and_https_proxies_forward_and_dig_tunnels() {
    for scheme in ["http", "https"] {
        for (login, expected) in [("", false), ("u:p%40q@", true)] {
            let plain = through(PLAIN_URL, scheme, login, Script::default()).await;
            let [request] = &plain[..] else {
                panic!("{plain:?}")
            };
            let line = "GET http://hs.invalid/path HTTP/1.1\r\n";
            assert!(request.starts_with(line), "{request}");
            assert_eq!(request.contains(BASIC), expected, "{request}");

            let tunneled = through(SECURE_URL, scheme, login, Script::default()).await;
            let [connect, request] = &tunneled[..] else {
                panic!("{tunneled:?}")
            };
            let line = "CONNECT hs.invalid:8443 HTTP/1.1\r\n";
            assert!(connect.starts_with(line), "{connect}");
            assert_eq!(connect.contains(BASIC), expected, "{connect}");
            assert!(request.starts_with("GET /path HTTP/1.1\r\n"), "{request}");
            assert!(!request.contains(BASIC), "{request}");
        }
    }
}

#[tokio::test]
async fn socks_proxies_are_told_names_or_addresses() {
    let remote = |login| Script {
        socks: Some(login),
        ..Script::default()
    };
    for (text, login) in [("", None), ("u:p%40q@", Some(("u", "p@q")))] {
        let plain = through(PLAIN_URL, "socks5h", text, remote(login)).await;
        let [destination, request] = &plain[..] else {
            panic!("{plain:?}")
        };
        assert_eq!(destination, "SOCKS hs.invalid:80");
        assert!(request.starts_with("GET /path HTTP/1.1\r\n"), "{request}");

        let secure = through(SECURE_URL, "socks5h", text, remote(login)).await;
        assert_eq!(secure[0], "SOCKS hs.invalid:8443");
    }
    let here = through("http://localhost:9/path", "socks5", "", remote(None)).await;
    assert!(
        ["SOCKS 127.0.0.1:9", "SOCKS ::1:9"].contains(&here[0].as_str()),
        "{here:?}"
    );
}

#[tokio::test]
async fn a_wrong_login_and_a_refusing_proxy_are_failures() {
    let socks = Script {
        socks: Some(Some(("u", "right"))),
        ..Script::default()
    };
    let http = Script {
        reply: b"HTTP/1.1 407 Login\r\nContent-Length: 0\r\n\r\n".to_vec(),
        ..Script::default()
    };
    for (scheme, script) in [("socks5h", socks), ("http", http)] {
        let peer = Peer::start(script).await;
        let options = Options {
            proxy: Some(Secret::new(format!(
                "{scheme}://u:hunter2@127.0.0.1:{}",
                peer.port
            ))),
            ..Options::default()
        };
        let client = Client::new(SECURE_URL, &options).unwrap();
        let error = client.get("").await.err().unwrap();
        assert!(matches!(error, ExchangeError::Failed(_)), "{error:?}");
        let cause = error.source().unwrap().to_string();
        assert!(cause.contains("hs.invalid:8443"), "{cause}");
        assert!(!cause.contains("hunter2"), "{cause}");
    }
}

#[tokio::test]
async fn a_certificate_that_is_not_trusted_is_explained() {
    let (acceptor, root) = tls("127.0.0.1");
    let peer = Peer::start(Script {
        reply: reply("200 OK", "{}"),
        tls: Some(acceptor),
        ..Script::default()
    })
    .await;
    let url = format!("https://127.0.0.1:{}", peer.port);
    let client = Client::new(&url, &Options::default()).unwrap();
    let error = client.get("").await.err().unwrap();
    let cause = error.source().unwrap().to_string();
    let server = format!("127.0.0.1:{}", peer.port);
    assert!(
        cause.contains(&server) && cause.contains("SSL_CERT_FILE"),
        "{cause}"
    );
    let options = Options {
        extra_root_certificates: vec![root],
        ..Options::default()
    };
    let client = Client::new(&url, &options).unwrap();
    assert_eq!(client.get("").await.unwrap().status(), 200);
}
