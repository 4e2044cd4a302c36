//! How a server ends.

use std::io::ErrorKind;
use std::time::Duration;

use registrar_http_hyper::server::Limits;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::server::{AVAILABLE, Listening, SLOW, TestServer, patiently, read_answer, read_to_end};

fn slow_request() -> String {
    format!("GET {AVAILABLE} HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: {SLOW}\r\n\r\n")
}

/// Waits until connections are refused.
async fn refuses(listening: &Listening) {
    patiently(async {
        loop {
            match TcpStream::connect(listening.address).await {
                // Whoever was waiting to be accepted when the port was closed hears of a reset.
                Ok(_) => tokio::task::yield_now().await,
                Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
                Err(error) => return assert_eq!(error.kind(), ErrorKind::ConnectionRefused),
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_running_request_is_finished_and_new_connections_are_refused() {
    let server = TestServer::new();
    let mut listening = server.listen(Limits::new(100)).await;
    let mut stream = listening.connect().await;
    stream.write_all(slow_request().as_bytes()).await.unwrap();
    server.slow_one_arrived().await;

    listening.stop();
    refuses(&listening).await;
    server.release();
    let answer = read_to_end(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains("connection: close"), "{answer}");
    listening.stopped().await;
}

#[tokio::test]
async fn idle_and_silent_connections_are_closed_at_once() {
    let mut limits = Limits::new(100);
    limits.header_timeout = Duration::from_secs(3600);
    limits.idle_timeout = Duration::from_secs(3600);
    limits.shutdown_grace = Duration::from_secs(3600);
    let mut listening = TestServer::new().listen(limits).await;
    let mut silent = listening.connect().await;
    let mut idle = listening.connect().await;
    idle.write_all(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .unwrap();
    read_answer(&mut idle).await;

    listening.stop();
    assert_eq!(read_to_end(&mut silent).await, "");
    assert_eq!(read_to_end(&mut idle).await, "");
    listening.stopped().await;
}

#[tokio::test]
async fn a_request_that_does_not_finish_is_given_up() {
    let server = TestServer::new();
    let mut limits = Limits::new(100);
    limits.shutdown_grace = Duration::from_millis(50);
    let mut listening = server.listen(limits).await;
    let mut stream = listening.connect().await;
    stream.write_all(slow_request().as_bytes()).await.unwrap();
    server.slow_one_arrived().await;

    listening.stop();
    assert_eq!(read_to_end(&mut stream).await, "");
    listening.stopped().await;
}
