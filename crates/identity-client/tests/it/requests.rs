//! What goes over the wire: paths, headers, bodies.

use registrar_domain::model::secret::Secret;
use registrar_domain::ports::IdentityServer as _;
use registrar_http_client::peer::Peer;
use registrar_identity_client::Api;

use crate::{client, email_request, msisdn_request, options, secret};

/// Splits a request into its first line, its headers in alphabetical order, and its body.
fn dissect(request: &str) -> (String, Vec<String>, String) {
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    let mut lines = head.split("\r\n").map(str::to_owned);
    let first = lines.next().unwrap();
    let mut headers: Vec<String> = lines.collect();
    headers.sort();
    (first, headers, body.to_owned())
}

#[tokio::test]
async fn v1_email_token() {
    let peer = Peer::answering("200 OK", r#"{"sid":"1"}"#).await;
    client(&options(peer.port))
        .request_email_token(&email_request())
        .await
        .unwrap();

    let (first, headers, body) = dissect(&peer.only_request());
    assert_eq!(
        first,
        "POST /_matrix/identity/api/v1/validate/email/requestToken HTTP/1.1"
    );
    let expected = [
        "accept: application/json".to_owned(),
        "content-length: 76".to_owned(),
        "content-type: application/json".to_owned(),
        format!("host: 127.0.0.1:{}", peer.port),
        "user-agent: registrar-test/1".to_owned(),
    ];
    assert_eq!(headers, expected);
    assert_eq!(
        body,
        r#"{"client_secret":"se.cr=et_1","email":"älice@example.org","send_attempt":2}"#
    );
}

#[tokio::test]
async fn v1_msisdn_token() {
    let peer = Peer::answering("200 OK", r#"{"sid":"1"}"#).await;
    client(&options(peer.port))
        .request_msisdn_token(&msisdn_request())
        .await
        .unwrap();

    let (first, _, body) = dissect(&peer.only_request());
    assert_eq!(
        first,
        "POST /_matrix/identity/api/v1/validate/msisdn/requestToken HTTP/1.1"
    );
    let expected = concat!(
        r#"{"client_secret":"se.cr=et_1","country":"GB","#,
        r#""next_link":"https://client.example/?a=\"b\"&c","#,
        r#""phone_number":"07700 900001","send_attempt":1}"#
    );
    assert_eq!(body, expected);
}

#[tokio::test]
async fn v1_submit() {
    let peer = Peer::answering("200 OK", r#"{"success":true}"#).await;
    let client = client(&options(peer.port));
    client
        .submit_msisdn_token("a/b?c", &secret(), "12 34")
        .await
        .unwrap();

    let (first, _, body) = dissect(&peer.only_request());
    assert_eq!(
        first,
        "POST /_matrix/identity/api/v1/validate/msisdn/submitToken HTTP/1.1"
    );
    assert_eq!(
        body,
        r#"{"client_secret":"se.cr=et_1","sid":"a/b?c","token":"12 34"}"#
    );
}

#[tokio::test]
async fn v1_validated() {
    let peer = Peer::answering("404 Not Found", r#"{"errcode":"M_NO_VALID_SESSION"}"#).await;
    client(&options(peer.port))
        .validated("ä&b=c d\r\n", &secret())
        .await
        .unwrap();

    let (first, headers, body) = dissect(&peer.only_request());
    assert_eq!(
        first,
        "GET /_matrix/identity/api/v1/3pid/getValidated3pid\
         ?sid=%C3%A4%26b%3Dc%20d%0D%0A&client_secret=se.cr%3Det_1 HTTP/1.1"
    );
    let expected = [
        "accept: application/json".to_owned(),
        format!("host: 127.0.0.1:{}", peer.port),
        "user-agent: registrar-test/1".to_owned(),
    ];
    assert_eq!(headers, expected);
    assert_eq!(body, "");
}

#[tokio::test]
async fn v2_has_other_paths_and_a_bearer_token() {
    let peer = Peer::answering("200 OK", r#"{"sid":"1","success":true}"#).await;
    let mut options = options(peer.port);
    options.base_url.push_str("/below");
    options.api = Api::V2 {
        access_token: Secret::new("tok".to_owned()),
    };
    let client = client(&options);
    client.request_email_token(&email_request()).await.unwrap();
    client
        .request_msisdn_token(&msisdn_request())
        .await
        .unwrap();
    client
        .submit_msisdn_token("s", &secret(), "t")
        .await
        .unwrap();
    client.validated("s", &secret()).await.unwrap();

    let expected = [
        "POST /below/_matrix/identity/v2/validate/email/requestToken HTTP/1.1",
        "POST /below/_matrix/identity/v2/validate/msisdn/requestToken HTTP/1.1",
        "POST /below/_matrix/identity/v2/validate/msisdn/submitToken HTTP/1.1",
        "GET /below/_matrix/identity/v2/3pid/getValidated3pid?sid=s&client_secret=se.cr%3Det_1 HTTP/1.1",
    ];
    let requests = peer.requests();
    assert_eq!(requests.len(), expected.len());
    for (request, expected) in requests.iter().zip(expected) {
        let (first, headers, _) = dissect(request);
        assert_eq!(first, expected);
        assert!(
            headers.contains(&"authorization: Bearer tok".to_owned()),
            "{headers:?}"
        );
    }
}
