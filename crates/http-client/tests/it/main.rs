//! `Client` against a real HTTP listener on loopback. What the adapters make of answers and of
//! failures is tested with them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod limits;
mod proxies;

use registrar_domain::model::secret::Secret;
use registrar_http_client::peer::Peer;
use registrar_http_client::{Client, ExchangeError, Options, SetupError};

fn client(peer: &Peer) -> Client {
    let url = format!("http://127.0.0.1:{}/hooks", peer.port);
    Client::new(&url, &Options::default()).unwrap()
}

#[tokio::test]
async fn an_empty_path_is_the_url_itself() {
    let peer = Peer::answering("200 OK", r#"{"a":1}"#).await;
    let answer = client(&peer).post_form("", &[("a", "b&c")]).await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.object().unwrap().1, r#"{"a":1}"#);

    let request = peer.only_request();
    let head = "POST /hooks HTTP/1.1\r\n";
    assert!(request.starts_with(head), "{request}");
    let form = "\r\ncontent-type: application/x-www-form-urlencoded\r\n";
    assert!(request.contains(form), "{request}");
    assert!(request.ends_with("\r\n\r\na=b%26c"), "{request}");
}

#[tokio::test]
async fn a_bearer_token_is_in_every_request_and_in_no_debug_output() {
    let peer = Peer::answering("200 OK", "{}").await;
    let token = Secret::new("opensesame".to_owned());
    let client = client(&peer).with_bearer_token(&token).unwrap();
    client.get("/a?b").await.unwrap();
    client.post_json("", &[1]).await.unwrap();
    for request in peer.requests() {
        let header = "\r\nauthorization: Bearer opensesame\r\n";
        assert!(request.contains(header), "{request}");
    }
    assert!(!format!("{client:?}").contains("opensesame"));
}

#[tokio::test]
async fn what_is_no_object_is_none_and_what_is_no_path_is_not_asked() {
    for body in ["", "null", "[]", "7", "{} {}", r#""object""#] {
        let peer = Peer::answering("200 OK", body).await;
        let answer = client(&peer).get("").await.unwrap();
        assert!(answer.object().is_none(), "{body}");
    }
    let peer = Peer::answering("200 OK", "{}").await;
    let outcome = client(&peer).get("/a b").await;
    assert!(matches!(outcome, Err(ExchangeError::Unsendable(_))));
    assert!(peer.requests().is_empty());
}

#[test]
fn mistakes_are_found_at_construction() {
    let mistake = |url: &str, change: fn(&mut Options)| {
        let mut options = Options::default();
        change(&mut options);
        Client::new(url, &options).unwrap_err()
    };
    let url = "http://127.0.0.1:1";
    let found = mistake("http://127.0.0.1:1/#a", |_| ());
    assert!(matches!(found, SetupError::Url(_)));
    let found = mistake(url, |o| {
        o.proxy = Some(Secret::new("socks4://p".to_owned()));
    });
    assert!(matches!(found, SetupError::Proxy(_)));
    let found = mistake(url, |o| o.user_agent = "a\r\nb".to_owned());
    assert!(matches!(found, SetupError::UserAgent));
    let client = Client::new(url, &Options::default()).unwrap();
    let found = client.with_bearer_token(&Secret::new("a\nb".to_owned()));
    assert!(matches!(found, Err(SetupError::BearerToken)));
}
