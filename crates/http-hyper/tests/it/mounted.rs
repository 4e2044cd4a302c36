//! The service in an axum application: the example, which the README shows.

use std::net::SocketAddr;
use std::sync::Arc;

use registrar_testkit::FakeStore;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};

use crate::server::read_to_end;

#[expect(dead_code, reason = "`main` is for people who run the example")]
#[path = "../../examples/axum.rs"]
mod example;

/// The status and the body of what the application answers.
async fn ask(address: SocketAddr, line: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let length = body.len();
    let request = format!(
        "{line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let answer = read_to_end(&mut stream).await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, body.to_owned())
}

#[tokio::test]
async fn an_axum_application_answers_beside_the_service() {
    let router = example::router(Arc::new(FakeStore::default())).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async { axum::serve(listener, service).await });

    let own = ask(address, "GET /hello", "").await;
    assert_eq!(own, (200, "Hello!".to_owned()));

    let path = "POST /_matrix/client/v3/register";
    let (status, _) = ask(
        address,
        path,
        r#"{"username":"alice","password":"wordpass"}"#,
    )
    .await;
    assert_eq!(status, 401);
    let body = r#"{"username":"alice","password":"wordpass","auth":{"type":"m.login.dummy"}}"#;
    let (status, registered) = ask(address, path, body).await;
    assert_eq!(status, 200, "{registered}");
    assert!(registered.contains("@alice:example.org"), "{registered}");

    let (status, body) = ask(address, "GET /_matrix/client/v3/nosuch", "").await;
    assert_eq!(status, 404);
    assert!(body.contains("M_UNRECOGNIZED"), "{body}");
}

#[test]
fn the_readme_shows_the_example() {
    let program = include_str!("../../examples/axum.rs");
    let (_about, program) = program.split_once("\n\n").unwrap();
    let readme = include_str!("../../README.md");
    assert!(readme.contains(program), "they differ");
}
