//! Ways to the identity server: TLS and proxies.

use registrar_domain::model::secret::Secret;
use registrar_domain::ports::{IdentityServer as _, IdentityServerError as Error};
use registrar_http_client::peer::{Peer, Script, reply, tls};
use registrar_identity_client::{HttpIdentityServer, Options, SetupError};

use crate::{client, email_request, options};

fn sid() -> Vec<u8> {
    reply("200 OK", r#"{"sid":"1"}"#)
}

#[tokio::test]
async fn tls_with_an_extra_root() {
    let (acceptor, root) = tls("localhost");
    let script = Script {
        reply: sid(),
        tls: Some(acceptor),
        ..Script::default()
    };
    let peer = Peer::start(script).await;
    let mut options = Options::new(format!("https://localhost:{}", peer.port));
    options.http.extra_root_certificates = vec![root];
    client(&options)
        .request_email_token(&email_request())
        .await
        .unwrap();
    assert_eq!(peer.requests().len(), 1);
}

#[tokio::test]
async fn other_names_and_unknown_authorities_are_not_trusted() {
    for (name, trusted) in [("is.example.org", true), ("localhost", false)] {
        let (acceptor, root) = tls(name);
        let script = Script {
            reply: sid(),
            tls: Some(acceptor),
            ..Script::default()
        };
        let peer = Peer::start(script).await;
        let mut options = Options::new(format!("https://localhost:{}", peer.port));
        if trusted {
            options.http.extra_root_certificates = vec![root];
        }
        let result = client(&options).request_email_token(&email_request()).await;
        assert!(
            matches!(result, Err(Error::Unusable(_))),
            "{name} {result:?}"
        );
        assert!(peer.requests().is_empty());
    }
}

#[tokio::test]
async fn a_proxy_gets_whole_urls_of_http_requests() {
    let proxy = Peer::start(Script {
        reply: sid(),
        ..Script::default()
    })
    .await;
    let mut options = Options::new("http://is.example.org:8090");
    options.http.proxy = Some(Secret::new(format!("http://u:p@127.0.0.1:{}", proxy.port)));
    client(&options)
        .request_email_token(&email_request())
        .await
        .unwrap();
    let request = proxy.only_request();
    let first = "POST http://is.example.org:8090/_matrix/identity/api/v1/validate/email/requestToken HTTP/1.1\r\n";
    assert!(request.starts_with(first), "{request}");
    assert!(
        request.contains("\r\nhost: is.example.org:8090\r\n"),
        "{request}"
    );
    assert!(
        request.contains("\r\nproxy-authorization: Basic dTpw\r\n"),
        "{request}"
    );
}

#[tokio::test]
async fn a_proxy_cannot_read_https_requests() {
    let (acceptor, root) = tls("is.example.org");
    let script = Script {
        reply: sid(),
        tls: Some(acceptor),
        is_proxy: true,
        ..Script::default()
    };
    let proxy = Peer::start(script).await;
    let mut options = Options::new("https://is.example.org");
    options.http.extra_root_certificates = vec![root];
    options.http.proxy = Some(Secret::new(format!("http://u:p@127.0.0.1:{}", proxy.port)));
    client(&options)
        .request_email_token(&email_request())
        .await
        .unwrap();
    let requests = proxy.requests();
    let [connect, inner] = &requests[..] else {
        panic!("{requests:?}")
    };
    assert!(
        connect.starts_with("CONNECT is.example.org:443 HTTP/1.1\r\n"),
        "{connect}"
    );
    assert!(
        connect.contains("\r\nProxy-Authorization: Basic dTpw\r\n"),
        "{connect}"
    );
    assert!(inner.starts_with("POST /_matrix/"), "{inner}");
    assert!(
        !inner.to_lowercase().contains("proxy-authorization"),
        "{inner}"
    );
}

#[tokio::test]
async fn a_proxy_that_refuses_the_tunnel_is_unusable() {
    let refusal = reply("403 Forbidden", "no");
    let proxy = Peer::start(Script {
        reply: refusal,
        ..Script::default()
    })
    .await;
    let mut options = Options::new("https://is.example.org");
    options.http.proxy = Some(Secret::new(format!("http://127.0.0.1:{}", proxy.port)));
    let result = client(&options).request_email_token(&email_request()).await;
    assert!(matches!(result, Err(Error::Unusable(_))), "{result:?}");
}

#[test]
fn mistakes_are_found_at_construction() {
    use registrar_http_client::SetupError as Http;
    let mistake = |change: fn(&mut Options)| {
        let mut options = options(1);
        change(&mut options);
        HttpIdentityServer::new(&options).unwrap_err()
    };
    let base_url = mistake(|o| o.base_url.push('/'));
    assert!(matches!(base_url, SetupError::TrailingSlash));
    let proxy = mistake(|o| o.http.proxy = Some(Secret::new("socks4://p".to_owned())));
    assert!(matches!(proxy, SetupError::Http(Http::Proxy(_))));
    let agent = mistake(|o| o.http.user_agent = "a\r\nb".to_owned());
    assert!(matches!(agent, SetupError::Http(Http::UserAgent)));
    let root = mistake(|o| o.http.extra_root_certificates = vec![b"no certificate".to_vec()]);
    assert!(matches!(root, SetupError::Http(Http::RootCertificate(_))));
    let token = mistake(|o| {
        let access_token = Secret::new("a\nb".to_owned());
        o.api = registrar_identity_client::Api::V2 { access_token };
    });
    assert!(matches!(token, SetupError::Http(Http::BearerToken)));
}
