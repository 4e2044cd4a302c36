//! What is logged, and what never is.

use std::io;
use std::sync::{Arc, Mutex};

use http::{HeaderName, Method};
use tracing::Level;
use tracing_subscriber::fmt::MakeWriter;

use crate::server::{AVAILABLE, PANICKING, SLOW, TestServer};

/// Collects log lines.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    /// Collects what this thread logs, down to `level`, as long as the second value lives.
    fn collect(level: Level) -> (Self, tracing::subscriber::DefaultGuard) {
        let lines = Self::default();
        let subscriber = tracing_subscriber::fmt()
            .with_writer(lines.clone())
            .with_max_level(level)
            .with_ansi(false)
            .finish();
        (lines, tracing::subscriber::set_default(subscriber))
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn a_request_is_a_line() {
    let header = HeaderName::from_static("x-trace");
    let server = TestServer::with(|_| {}, |it| it.request_id_header = Some(header));
    let (lines, _guard) = Lines::collect(Level::INFO);
    let headers = [("x-trace", "id-1"), ("x-forwarded-for", "192.0.2.7")];
    server.send(Method::GET, AVAILABLE, &headers, "").await;
    let text = lines.text();
    assert_eq!(text.lines().count(), 1, "{text}");
    for part in [
        "GET /_matrix/client/v3/register/available?username=alice was answered with 200",
        "http.route=\"/_matrix/client/v3/register/available\"",
        "http.method=GET",
        "http.status=200",
        "request.id=\"id-1\"",
        "client.ip=192.0.2.7",
        "duration_ms=",
        "INFO",
    ] {
        assert!(text.contains(part), "{part} is missing in {text}");
    }
}

#[tokio::test]
async fn a_refusal_is_logged_with_its_code() {
    let server = TestServer::new();
    let (lines, _guard) = Lines::collect(Level::INFO);
    server.get("/_matrix/client/v3/nosuch").await;
    let text = lines.text();
    assert!(text.contains("errcode=\"M_UNRECOGNIZED\""), "{text}");
    assert!(text.contains("http.route=\"unknown\""), "{text}");
}

#[tokio::test]
async fn probes_and_options_are_for_those_who_debug() {
    let server = TestServer::new();
    for (level, expected) in [(Level::INFO, 0), (Level::DEBUG, 2)] {
        let (lines, _guard) = Lines::collect(level);
        server.get("/health").await;
        server.send(Method::OPTIONS, AVAILABLE, &[], "").await;
        assert_eq!(lines.text().lines().count(), expected);
    }
}

#[tokio::test]
async fn a_request_that_is_dropped_is_a_line_too() {
    let server = TestServer::new();
    let (lines, _guard) = Lines::collect(Level::INFO);
    tokio::select! {
        _ = server.send(Method::GET, AVAILABLE, &[("x-forwarded-for", SLOW)], "") => {
            panic!("it was answered")
        }
        () = server.slow_one_arrived() => {}
    }
    let text = lines.text();
    assert!(
        text.contains("was dropped before it was answered"),
        "{text}"
    );
}

#[tokio::test]
async fn nothing_secret_is_logged_at_any_level() {
    const SECRET: &str = "syt_secret";
    let server = TestServer::new();
    let (lines, _guard) = Lines::collect(Level::TRACE);
    let bearer = format!("Bearer {SECRET}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/x-www-form-urlencoded"),
    ];
    let queries = [
        format!("access_token={SECRET}"),
        format!("access%5Ftoken={SECRET}"),
        format!("username=x;client_secret={SECRET}&token={SECRET}"),
        format!("session={SECRET}&sid={SECRET}&Password={SECRET}"),
        SECRET.to_owned(),
    ];
    for query in queries {
        let paths = [
            "/_matrix/client/v3/register/available",
            "/_matrix/client/versions",
            "/nosuch",
        ];
        for path in paths {
            for method in [Method::GET, Method::POST, Method::OPTIONS] {
                let body = format!("access_token={SECRET}");
                server
                    .send(method, &format!("{path}?{query}"), &headers, body)
                    .await;
            }
        }
    }
    let panicking = [("x-forwarded-for", PANICKING)];
    server.send(Method::GET, AVAILABLE, &panicking, "").await;
    let text = lines.text();
    assert!(text.contains("request handler panicked"), "{text}");
    assert!(!text.contains(SECRET), "{text}");
}

#[tokio::test]
async fn addresses_and_invitations_in_paths_are_not_logged() {
    const SECRET: &str = "hidden";
    let server = TestServer::new();
    let (lines, _guard) = Lines::collect(Level::TRACE);
    for path in [
        format!("/_synapse/admin/v1/threepid/email/users/{SECRET}@example.org"),
        format!("/_synapse/admin/v1/registration_tokens/{SECRET}"),
    ] {
        server.get(&path).await;
    }
    let text = lines.text();
    assert!(
        text.contains("/email/users") || text.contains("{address}"),
        "{text}"
    );
    assert!(!text.contains(SECRET), "{text}");
}
