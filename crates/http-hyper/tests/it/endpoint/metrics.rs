//! `GET /_synapse/metrics` and `/metrics`, and what a monitor hears of requests.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use http::{Method, StatusCode};
use registrar_http_hyper::monitor::{Answered, Exchange};
use registrar_http_hyper::{Monitor, Resource, servlets};

use crate::server::{AVAILABLE, Answer, PANICKING, SLOW, TestServer};

/// Remembers what it hears.
#[derive(Debug, Default)]
struct FakeMonitor(Mutex<Vec<String>>);

impl FakeMonitor {
    fn note(&self, event: &str, exchange: Exchange, detail: &str) {
        let Exchange { method, servlet } = exchange;
        let line = format!("{event} {method} {servlet} {detail}");
        self.0.lock().unwrap().push(line.trim_end().to_owned());
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

impl Monitor for FakeMonitor {
    fn received(&self, exchange: Exchange) {
        self.note("received", exchange, "");
    }

    fn answered(&self, exchange: Exchange, answer: Answered) {
        let detail = format!("{} {}", answer.status.as_u16(), answer.size);
        self.note("answered", exchange, &detail);
    }

    fn dropped(&self, exchange: Exchange) {
        self.note("dropped", exchange, "");
    }

    fn render(&self) -> String {
        "numbers 1\n".to_owned()
    }
}

fn server(resources: &[Resource]) -> (TestServer, Arc<FakeMonitor>) {
    let monitor = Arc::new(FakeMonitor::default());
    let server = TestServer::with(
        |options| options.monitor = Some(monitor.clone()),
        |listener| listener.resources = resources.iter().copied().collect(),
    );
    (server, monitor)
}

#[tokio::test]
async fn numbers_are_shown_on_their_own_resource_only() {
    let (server, _) = server(&[Resource::Metrics]);
    for path in ["/metrics", "/_synapse/metrics"] {
        let answer = server.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        let media_type = "text/plain; version=0.0.4; charset=utf-8";
        assert_eq!(answer.headers["content-type"], media_type);
        assert!(!answer.headers.contains_key("access-control-allow-origin"));
        assert_eq!(answer.body, "numbers 1\n");
    }
    let clients = self::server(&[Resource::Client, Resource::Health]).0;
    for path in ["/metrics", "/_synapse/metrics"] {
        assert_eq!(clients.get(path).await.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn without_a_monitor_there_are_no_numbers() {
    let resources = BTreeSet::from([Resource::Metrics]);
    let server = TestServer::with(|_| {}, |it| it.resources = resources);
    let answer = server.get("/_synapse/metrics").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn every_request_is_counted_under_a_name_and_with_what_became_of_it() {
    let (server, monitor) = server(&[Resource::Client, Resource::Health]);
    let unknown = "unrecognised_request_handler";
    let rows = [
        (Method::GET, "/health", "HealthResource", 200),
        (Method::HEAD, "/health", "HealthResource", 200),
        (Method::GET, "/ready", "ReadyResource", 200),
        (Method::GET, "/nosuch/%00", unknown, 404),
        (Method::POST, "/health", unknown, 405),
        (Method::TRACE, "/health", unknown, 405),
        (Method::OPTIONS, "/anything", "OptionsResource", 204),
    ];
    for (method, path, servlet, status) in rows {
        let answer = server.send(method.clone(), path, &[], "").await;
        let outcome = format!("{status} {}", answer.body.len());
        let method = if method == Method::TRACE {
            "OTHER"
        } else {
            method.as_str()
        };
        let expected = [
            format!("received {method} {servlet}"),
            format!("answered {method} {servlet} {outcome}"),
        ];
        assert_eq!(monitor.take(), expected, "{path}");
        assert!(servlets().contains(&servlet), "{servlet}");
    }
}

async fn ask(server: &TestServer, client: &str) -> Answer {
    server
        .send(Method::GET, AVAILABLE, &[("x-forwarded-for", client)], "")
        .await
}

#[tokio::test]
async fn panics_are_answers_and_clients_that_go_away_are_none() {
    let (server, monitor) = server(&[Resource::Client]);
    ask(&server, PANICKING).await;
    let heard = monitor.take();
    let servlet = "UsernameAvailabilityRestServlet";
    let answered = format!("answered GET {servlet} 500");
    assert!(heard[1].starts_with(&answered), "{heard:?}");
    tokio::select! {
        _ = ask(&server, SLOW) => panic!("it was answered"),
        () = server.slow_one_arrived() => {}
    }
    let expected = [
        format!("received GET {servlet}"),
        format!("dropped GET {servlet}"),
    ];
    assert_eq!(monitor.take(), expected);
}
