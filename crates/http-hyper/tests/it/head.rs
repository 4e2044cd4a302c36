//! `HEAD` changes nothing, anywhere.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use http::Method;
use registrar_domain::ports::{Intent, Store, StoreError, UnitOfWork};
use serde_json::json;

use crate::client::text;
use crate::mails::{ADDITION, ADDRESS, REGISTRATION, email_request};
use crate::server::TestServer;

/// Counts the units of work that may write.
struct Watched {
    inner: Arc<dyn Store>,
    writes: Arc<AtomicUsize>,
}

#[async_trait]
impl Store for Watched {
    async fn begin(&self, intent: Intent) -> Result<Box<dyn UnitOfWork>, StoreError> {
        if intent == Intent::Write {
            self.writes.fetch_add(1, Ordering::SeqCst);
        }
        self.inner.begin(intent).await
    }
}

fn watched() -> (TestServer, Arc<AtomicUsize>) {
    let writes = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&writes);
    let server = TestServer::over(
        |_| {},
        |ports| {
            ports.store = Arc::new(Watched {
                inner: Arc::clone(&ports.store),
                writes: counter,
            });
        },
    );
    (server, writes)
}

#[tokio::test]
async fn head_changes_nothing_at_any_endpoint() {
    let (server, writes) = watched();
    let alice = server.registered("alice").await;
    server.store.promote("alice");
    let token = format!("Bearer {}", text(&alice, "access_token"));
    let mut links = Vec::new();
    for below in [REGISTRATION, ADDITION] {
        server
            .mailed(below, &email_request(ADDRESS, json!({})))
            .await;
        links.push(server.link());
    }
    let values = [
        ("{user_id}", "@alice:example.org"),
        ("{device_id}", "PHONE"),
        ("{medium}", "email"),
        ("{address}", ADDRESS),
        ("{auth_type}", "m.login.terms"),
        ("{token}", "invited"),
    ];
    let query = |path: &str| {
        let link = links
            .iter()
            .find(|link| link.split('?').next() == Some(path));
        link.cloned()
            .unwrap_or_else(|| format!("{path}?session=s&username=bob&token=t"))
    };
    let mut looked_at = 0;
    for (method, path) in registrar_http_hyper::endpoints() {
        let path = values
            .iter()
            .fold(path, |path, (name, value)| path.replace(name, value));
        // A sighting is due at each of them.
        server.clock.advance(Duration::from_mins(3));
        let headers = [("authorization", &*token)];
        let before = writes.load(Ordering::SeqCst);
        let head = server.send(Method::HEAD, &query(&path), &headers, "").await;
        assert_eq!(writes.load(Ordering::SeqCst), before, "{method} {path}");
        assert_eq!(head.body, "", "{path}");
        if method == "GET" {
            let get = server.send(Method::GET, &query(&path), &headers, "").await;
            assert_eq!(head.status, get.status, "{path}");
            looked_at += usize::from(get.status == 200);
        }
    }
    assert!(
        looked_at > 40,
        "only {looked_at} endpoints did what they are for"
    );
    // The links were good, and `GET` confirmed them.
    assert!(writes.load(Ordering::SeqCst) > links.len());
}
