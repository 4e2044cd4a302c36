//! Connections over real sockets: silence, slowness, oversize, both versions of HTTP.

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Empty, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use registrar_http_hyper::Forwarding;
use registrar_http_hyper::server::{Capacity, Limits};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};

use crate::server::{
    AVAILABLE, Listening, SLOW, TestServer, patiently, read_answer, read_to_end, short, start,
};

fn limits() -> Limits {
    Limits::new(100)
}

#[tokio::test]
async fn a_connection_carries_many_requests() {
    let server = TestServer::new().listen(limits()).await;
    let mut stream = server.connect().await;
    for _ in 0..3 {
        stream
            .write_all(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
            .await
            .unwrap();
        let answer = read_answer(&mut stream).await;
        assert!(
            answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("OK"),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let server = TestServer::new().listen(limits()).await;
    let requests = "GET /health HTTP/1.1\r\nHost: x\r\n\r\n\
        GET /nosuch HTTP/1.1\r\nHost: x\r\n\r\n\
        GET /_matrix/client/nosuch HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let answers = server.exchange(requests).await;
    let answers_apart = answers.split("HTTP/1.1 ").skip(1);
    let statuses: Vec<_> = answers_apart
        .filter_map(|answer| answer.lines().next())
        .collect();
    assert_eq!(statuses, ["200 OK", "404 Not Found", "404 Not Found"]);
    assert!(answers.ends_with('}'), "{answers}");
}

#[tokio::test]
async fn head_has_the_length_and_not_the_body() {
    let server = TestServer::new().listen(limits()).await;
    let answer = server
        .exchange("HEAD /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .await;
    assert!(
        answer.contains("content-length: 2\r\n") && answer.ends_with("\r\n\r\n"),
        "{answer}"
    );
}

#[tokio::test]
async fn silence_ends_a_connection() {
    let server = TestServer::new().listen(short()).await;
    for said in [
        "",
        // Half a preface of HTTP/2.
        "PRI * HT",
        "GET /health HTTP/1.1\r\nHost: ",
        // All of the preface, and then nothing.
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ] {
        let mut stream = server.connect().await;
        stream.write_all(said.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        patiently(stream.read_to_end(&mut answer)).await.unwrap();
        assert!(!answer.starts_with(b"HTTP/1.1"), "{said}");
    }
}

#[tokio::test]
async fn an_idle_connection_is_closed() {
    let server = TestServer::new().listen(short()).await;
    let answer = server
        .exchange("GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        .await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
}

#[tokio::test]
async fn a_slow_answer_is_not_idleness() {
    let server = TestServer::new();
    let listening = server.listen(short()).await;
    let request = format!(
        "GET {AVAILABLE} HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: {SLOW}\r\n\
         Connection: close\r\n\r\n"
    );
    let mut stream = listening.connect().await;
    stream.write_all(request.as_bytes()).await.unwrap();
    server.slow_one_arrived().await;
    // Other connections come and go by the limits in the meantime.
    for _ in 0..4 {
        assert_eq!(listening.exchange("").await, "");
    }
    server.release();
    let answer = read_to_end(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
}

#[tokio::test]
async fn a_client_learns_why_its_large_body_was_refused() {
    let server = TestServer::with(|it| it.body_limit_bytes = 1000, |_| {})
        .listen(limits())
        .await;
    let body = "x".repeat(3_000_000);
    let chunk = format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    let requests = [
        format!(
            "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ),
        format!("POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n{chunk}"),
        // One that waits to be asked for its body is not asked.
        "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\nExpect: 100-continue\r\n\r\n"
            .to_owned(),
    ];
    for request in requests {
        let mut stream = server.connect().await;
        let (mut reader, mut writer) = stream.split();
        // The server reads on after its answer, so all of it can be sent.
        let sent = patiently(writer.write_all(request.as_bytes())).await;
        assert!(sent.is_ok(), "{sent:?}");
        let answer = read_to_end(&mut reader).await;
        assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
        assert!(answer.contains("M_TOO_LARGE") && answer.contains("connection: close"));
    }
}

/// A request smuggled past a proxy stands behind one with two lengths, of which the proxy and the
/// server believe different ones. RFC 9112, section 6.3: the connection ends with the answer.
#[tokio::test]
async fn nothing_behind_a_request_with_two_lengths_is_answered() {
    let server = TestServer::new().listen(limits()).await;
    let smuggled = "GET /health HTTP/1.1\r\nHost: x\r\n\r\n";
    let rows = [
        "Content-Length: 40\r\nTransfer-Encoding: chunked",
        "transfer-encoding: chunked\r\ncontent-length: 5",
        "Content-Length: 40\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive",
        "Content-Length: 40\r\nTransfer-Encoding: gzip, chunked",
        "Content-Length: 40\r\nTransfer-Encoding:\t chunked \r\nContent-Length: 40",
        // These are not understood at all.
        "Content-Length: 40\r\nTransfer-Encoding: chunked, gzip",
        "Content-Length: 40\r\nTransfer-Encoding : chunked",
        "Content-Length: 40\r\nTransfer-Encoding: xchunked",
        "Content-Length: 40\r\n Transfer-Encoding: chunked",
    ];
    for both in rows {
        let request =
            format!("POST /_matrix/x HTTP/1.1\r\nHost: x\r\n{both}\r\n\r\n0\r\n\r\n{smuggled}");
        let answer = server.exchange(&request).await;
        assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{both}: {answer}");
        assert!(answer.contains("connection: close\r\n"), "{both}: {answer}");

        // Behind another request on the same connection.
        let answer = server.exchange(&format!("{smuggled}{request}")).await;
        assert_eq!(answer.matches("HTTP/1.1").count(), 2, "{both}: {answer}");
    }
}

#[tokio::test]
async fn broken_requests_are_refused() {
    let server = TestServer::new().listen(limits()).await;
    let long_header = format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(100_000));
    let many_headers = format!("GET / HTTP/1.1\r\n{}\r\n", "X: x\r\n".repeat(200));
    let rows = [
        ("nonsense\r\n\r\n", "HTTP/1.1 400 "),
        (
            "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
            "HTTP/1.1 400 ",
        ),
        (
            "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
            "HTTP/1.1 400 ",
        ),
        (
            "POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n",
            "HTTP/1.1 400 ",
        ),
        (&long_header, "HTTP/1.1 431 "),
        (&many_headers, "HTTP/1.1 431 "),
    ];
    for (request, expected) in rows {
        let answer = server.exchange(request).await;
        assert!(answer.starts_with(expected), "{request:.60}: {answer}");
    }
}

#[tokio::test]
async fn a_body_with_broken_chunks_is_a_matrix_error() {
    let server = TestServer::new().listen(limits()).await;
    let request =
        "POST /_matrix/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n";
    let answer = server.exchange(request).await;
    assert!(
        answer.starts_with("HTTP/1.1 400 ") && answer.contains("M_UNKNOWN"),
        "{answer}"
    );
}

#[tokio::test]
async fn http_2_is_spoken_on_the_same_port() {
    let server = TestServer::with(|it| it.body_limit_bytes = 1000, |_| {})
        .listen(limits())
        .await;
    let io = TokioIo::new(server.connect().await);
    let (mut client, connection) = hyper::client::conn::http2::handshake(TokioExecutor::new(), io)
        .await
        .unwrap();
    tokio::spawn(connection);

    let mut statuses = Vec::new();
    for (method, length) in [("GET", 0), ("HEAD", 0), ("POST", 1001), ("POST", 10)] {
        let body = Full::new(Bytes::from(vec![b'x'; length]));
        let request = Request::builder()
            .method(method)
            .uri("http://x/health")
            .body(body)
            .unwrap();
        let response = patiently(client.send_request(request)).await.unwrap();
        let status = response.status();
        let body = patiently(response.into_body().collect())
            .await
            .unwrap()
            .to_bytes();
        statuses.push((status.as_u16(), body.is_empty()));
    }
    assert_eq!(
        statuses,
        [(200, false), (200, true), (413, false), (405, false)]
    );
}

#[tokio::test]
async fn an_idle_http_2_connection_is_closed() {
    let server = TestServer::new().listen(short()).await;
    let io = TokioIo::new(server.connect().await);
    let (mut client, connection) = hyper::client::conn::http2::handshake(TokioExecutor::new(), io)
        .await
        .unwrap();
    let ended = tokio::spawn(connection);
    let request = Request::get("http://x/health")
        .body(Empty::<Bytes>::new())
        .unwrap();
    let response = patiently(client.send_request(request)).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert!(patiently(ended).await.unwrap().is_ok());
}

#[tokio::test]
async fn a_unix_socket_is_served() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("socket");
    let listener = UnixListener::bind(&path).unwrap();
    let (_task, _stop) = start(listener.into(), TestServer::new().service, limits());
    let mut stream = UnixStream::connect(&path).await.unwrap();
    let request = format!("GET {AVAILABLE} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let answer = read_to_end(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
}

/// A server with room for one connection, and its proxies' clients.
async fn with_room_for_one(server: &TestServer) -> Listening {
    let mut limits = Limits::new(1);
    limits.forwarding = Forwarding::FromAnyone;
    server.listen(limits).await
}

#[tokio::test]
async fn an_idle_connection_gives_way_to_a_new_one() {
    let listening = with_room_for_one(&TestServer::new()).await;
    let mut first = listening.connect().await;
    for _ in 0..3 {
        first
            .write_all(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
            .await
            .unwrap();
        read_answer(&mut first).await;
        let mut next = listening.connect().await;
        assert_eq!(read_to_end(&mut first).await, "");
        std::mem::swap(&mut first, &mut next);
    }
}

#[tokio::test]
async fn stalled_requests_give_way_to_new_connections() {
    let listening = with_room_for_one(&TestServer::new()).await;
    for stalled in [
        "",
        "PRI",
        "GET /health HTTP/1.1\r\nHo",
        "POST /_matrix/client/v3/register HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{",
    ] {
        let mut stream = listening.connect().await;
        stream.write_all(stalled.as_bytes()).await.unwrap();
        let answer = listening
            .exchange("GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            .await;
        assert!(answer.ends_with("OK"), "{stalled}: {answer}");
        let mut rest = Vec::new();
        // Closed or reset, but not answered.
        let _reset = patiently(stream.read_to_end(&mut rest)).await;
        assert!(rest.is_empty(), "{stalled}");
    }
}

#[tokio::test]
async fn when_all_connections_are_busy_probes_are_answered_and_others_turned_away() {
    let server = TestServer::new();
    let listening = with_room_for_one(&server).await;
    let mut first = listening.connect().await;
    let slow = format!(
        "GET {AVAILABLE} HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: {SLOW}\r\n\
         Connection: close\r\n\r\n"
    );
    first.write_all(slow.as_bytes()).await.unwrap();
    server.slow_one_arrived().await;
    for _ in 0..3 {
        let probe = listening.exchange("GET /health HTTP/1.0\r\n\r\n").await;
        assert!(probe.ends_with("OK"), "{probe}");
        let other = format!("GET {AVAILABLE} HTTP/1.1\r\nHost: x\r\n\r\n");
        let other = listening.exchange(&other).await;
        assert!(other.starts_with("HTTP/1.1 503 "), "{other}");
        assert!(
            other.contains("retry-after: ") && other.contains("M_UNKNOWN"),
            "{other}"
        );
    }
    server.release();
    let answer = read_to_end(&mut first).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
}

#[tokio::test]
async fn a_request_names_one_host() {
    let server = TestServer::new().listen(limits()).await;
    let rows = [
        ("HTTP/1.1", "/", "", 400),
        ("HTTP/1.1", "/", "Host: x\r\nHost: x\r\n", 400),
        ("HTTP/1.1", "/", "Host: x\r\nhost: y\r\n", 400),
        ("HTTP/1.1", "/", "Host: a b\r\n", 400),
        ("HTTP/1.1", "http://x/", "", 400),
        ("HTTP/1.0", "/", "Host: x\r\nHost: x\r\n", 400),
        ("HTTP/1.1", "/", "Host:\r\n", 200),
        ("HTTP/1.1", "/", "Host: x:80\r\n", 200),
        ("HTTP/1.1", "http://x/", "Host: y\r\n", 200),
        ("HTTP/1.0", "/", "", 200),
    ];
    for (version, base, hosts, status) in rows {
        let request = format!("GET {base}health {version}\r\n{hosts}Connection: close\r\n\r\n");
        let answer = server.exchange(&request).await;
        let expected = format!("{version} {status} ");
        assert!(answer.starts_with(&expected), "{request}: {answer}");
        if status == 400 {
            assert!(answer.contains("M_UNKNOWN"), "{request}: {answer}");
            assert!(
                answer.contains("access-control-allow-origin: *"),
                "{request}: {answer}"
            );
        }
    }
}

#[tokio::test]
async fn an_address_has_a_share_of_streams() {
    let server = TestServer::new();
    let mut capacity = Capacity::new(100);
    capacity.streams_per_address = 1;
    let listening = server.listen(Limits::with(capacity)).await;
    let io = TokioIo::new(listening.connect().await);
    let (mut client, connection) = hyper::client::conn::http2::handshake(TokioExecutor::new(), io)
        .await
        .unwrap();
    tokio::spawn(connection);
    let get = |path: &str, client: &str| {
        Request::get(format!("http://x{path}"))
            .header("x-forwarded-for", client)
            .body(Empty::<Bytes>::new())
            .unwrap()
    };
    let slow = tokio::spawn(client.send_request(get(AVAILABLE, SLOW)));
    server.slow_one_arrived().await;
    let second = client.send_request(get("/health", "192.0.2.1"));
    let refused = patiently(second).await.unwrap();
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);

    server.release();
    let answered = patiently(slow).await.unwrap().unwrap();
    assert_eq!(answered.status(), StatusCode::OK);
    patiently(answered.into_body().collect()).await.unwrap();
    // The place is free as soon as the server knows that all of the answer is on its way.
    patiently(async {
        loop {
            let next = client.send_request(get("/health", "192.0.2.1"));
            if next.await.unwrap().status() == StatusCode::OK {
                return;
            }
        }
    })
    .await;
}
