//! How a server ends.

use std::io::ErrorKind;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::Empty;
use hyper_util::rt::{TokioExecutor, TokioIo};
use registrar_http_hyper::server::Limits;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpStream, UnixListener, UnixStream};

use crate::server::{
    AVAILABLE, Listening, SLOW, TestServer, patiently, read_answer, read_to_end, start,
};

fn slow_request() -> String {
    format!("GET {AVAILABLE} HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: {SLOW}\r\n\r\n")
}

/// Waits until connections are refused.
async fn refuses(listening: &Listening) {
    patiently(async {
        loop {
            match TcpStream::connect(listening.address).await {
                Ok(_) => tokio::task::yield_now().await,
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

/// Limits under which nothing but a shutdown ends a connection.
fn patient() -> Limits {
    let mut limits = Limits::new(100);
    limits.header_timeout = Duration::from_secs(3600);
    limits.idle_timeout = Duration::from_secs(3600);
    limits.shutdown_grace = Duration::from_secs(3600);
    limits.last_call = Duration::from_secs(3600);
    limits
}

const HEALTH: &[u8] = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n";

#[tokio::test]
async fn idle_and_silent_connections_are_closed_after_the_last_call() {
    let mut limits = patient();
    limits.last_call = Duration::from_millis(50);
    let mut listening = TestServer::new().listen(limits).await;
    let mut silent = listening.connect().await;
    let mut idle = listening.connect().await;
    idle.write_all(HEALTH).await.unwrap();
    read_answer(&mut idle).await;

    listening.stop();
    assert_eq!(read_to_end(&mut silent).await, "");
    assert_eq!(read_to_end(&mut idle).await, "");
    listening.stopped().await;
}

#[tokio::test]
async fn a_connection_that_was_let_in_may_send_one_request() {
    let mut listening = TestServer::new().listen(patient()).await;
    let mut silent = listening.connect().await;
    let mut idle = listening.connect().await;
    idle.write_all(HEALTH).await.unwrap();
    read_answer(&mut idle).await;

    listening.stop();
    refuses(&listening).await;
    for stream in [&mut silent, &mut idle] {
        stream.write_all(HEALTH).await.unwrap();
        let answer = read_to_end(stream).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(answer.contains("connection: close"), "{answer}");
    }
    drop((silent, idle));
    listening.stopped().await;
}

/// All who are connected when the server is told to stop get an answer, accepted or not.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_connection_of_a_burst_is_reset_by_a_shutdown() {
    for _ in 0..8 {
        let mut listening = TestServer::new().listen(patient()).await;
        // Less than the share of one address.
        let connecting = (0..20).map(|_| TcpStream::connect(listening.address));
        let mut burst = Vec::new();
        for stream in connecting {
            burst.push(stream.await.unwrap());
        }
        listening.stop();
        for stream in &mut burst {
            stream.write_all(HEALTH).await.unwrap();
            let answer = read_answer(stream).await;
            assert!(answer.ends_with("OK"), "{answer}");
        }
        drop(burst);
        listening.stopped().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_client_of_a_unix_socket_is_reset_by_a_shutdown() {
    for _ in 0..8 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let listener = UnixListener::bind(&path).unwrap();
        let (task, stop) = start(listener.into(), TestServer::new().service, patient());
        let bursts: Vec<_> = (0..4)
            .map(|_| {
                let path = path.clone();
                tokio::spawn(async move {
                    while let Ok(mut stream) = UnixStream::connect(&path).await {
                        let request = b"GET /health HTTP/1.0\r\n\r\n";
                        stream.write_all(request).await.unwrap();
                        let answer = read_to_end(&mut stream).await;
                        assert!(answer.ends_with("OK"), "{answer}");
                    }
                })
            })
            .collect();
        tokio::task::yield_now().await;
        drop(stop);
        for burst in bursts {
            patiently(burst).await.unwrap();
        }
        patiently(task).await.unwrap();
    }
}

#[tokio::test]
async fn a_beginning_http_2_connection_has_its_request_answered() {
    let mut listening = TestServer::new().listen(patient()).await;
    let stream = listening.connect().await;
    listening.stop();
    refuses(&listening).await;
    let (mut client, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .unwrap();
    let ended = tokio::spawn(connection);
    let request = Request::get("http://x/health").body(Empty::<Bytes>::new());
    let response = patiently(client.send_request(request.unwrap()))
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    patiently(ended).await.unwrap().unwrap();
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
