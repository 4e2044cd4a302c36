//! [`TestServer`]: everything between a request and the fakes, without a socket. [`Listening`]: the
//! same on a real one.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use registrar_domain::model::id::ServerName;
use registrar_domain::model::limit::LimitExceeded;
use registrar_domain::model::policy::Policy;
use registrar_domain::ports::{Pacer, Ports, Turn};
use registrar_domain::services::Services;
use registrar_http_hyper::server::{Limits, Listener};
use registrar_http_hyper::{
    App, Forwarding, ListenerOptions, Options, PageOptions, Pages, Resource, Service, serve,
    service,
};
use registrar_testkit::{Fakes, permissive_policy};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinHandle;
use tower::ServiceExt as _;

pub(crate) const AVAILABLE: &str = "/_matrix/client/v3/register/available?username=alice";

/// A client whose questions about names make the server panic.
pub(crate) const PANICKING: &str = "192.0.2.66";
/// A client whose questions about names are answered when [`TestServer::release`] says so.
pub(crate) const SLOW: &str = "192.0.2.99";

pub(crate) struct TestServer {
    pub(crate) service: Service,
    pub(crate) fakes: Fakes,
    pacer: Arc<ScriptedPacer>,
}

/// A server is its fakes, as far as they are asked.
impl std::ops::Deref for TestServer {
    type Target = Fakes;

    fn deref(&self) -> &Fakes {
        &self.fakes
    }
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl TestServer {
    pub(crate) fn new() -> Self {
        Self::with(|_| {}, |_| {})
    }

    pub(crate) fn with(
        change: impl FnOnce(&mut Options),
        change_listener: impl FnOnce(&mut ListenerOptions),
    ) -> Self {
        let mut options = Options::default();
        change(&mut options);
        let mut listener = listener();
        change_listener(&mut listener);
        Self::build(permissive_policy(), pages(), options, listener, |_| {})
    }

    /// A server of an operator with other wishes.
    pub(crate) fn under(change: impl FnOnce(&mut Policy)) -> Self {
        let mut policy = permissive_policy();
        change(&mut policy);
        Self::build(policy, pages(), Options::default(), listener(), |_| {})
    }

    /// A server of an operator with other wishes, over other ports.
    pub(crate) fn over(change: impl FnOnce(&mut Policy), rewire: impl FnOnce(&mut Ports)) -> Self {
        let mut policy = permissive_policy();
        change(&mut policy);
        Self::build(policy, pages(), Options::default(), listener(), rewire)
    }

    /// A server with pages for people in a browser.
    pub(crate) fn with_pages(
        change: impl FnOnce(&mut Policy),
        change_pages: impl FnOnce(&mut PageOptions),
    ) -> Self {
        let (mut policy, mut pages, mut listener) = (permissive_policy(), pages(), listener());
        change(&mut policy);
        change_pages(&mut pages);
        listener.resources.insert(Resource::Consent);
        Self::build(policy, pages, Options::default(), listener, |_| {})
    }

    fn build(
        policy: Policy,
        pages: PageOptions,
        options: Options,
        listener: ListenerOptions,
        rewire: impl FnOnce(&mut Ports),
    ) -> Self {
        let pacer = Arc::new(ScriptedPacer::default());
        let fakes = Fakes::seeded(7);
        let mut ports = Ports {
            pacer: pacer.clone(),
            ..fakes.ports()
        };
        rewire(&mut ports);
        let pages = Pages::new(pages).unwrap();
        let app = App::new(Services::new(ports, policy), pages, options);
        Self {
            service: service(&app, listener),
            fakes,
            pacer,
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], "").await
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(body.into())).unwrap();
        let Ok(response) = self.service.clone().oneshot(request).await;
        let (head, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        let body = String::from_utf8(body).unwrap();
        Answer {
            status: head.status,
            headers: head.headers,
            body,
        }
    }

    /// Waits until the question of a slow client has arrived.
    pub(crate) async fn slow_one_arrived(&self) {
        self.pacer.arrived.acquire().await.unwrap().forget();
    }

    /// Lets one slow client have its answer.
    pub(crate) fn release(&self) {
        self.pacer.released.add_permits(1);
    }

    /// Serves on a port of the loopback interface.
    pub(crate) async fn listen(&self, limits: Limits) -> Listening {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (task, stop) = start(listener.into(), self.service.clone(), limits);
        Listening {
            address,
            stop: Some(stop),
            task,
        }
    }
}

/// Serves until the second value is sent or dropped.
pub(crate) fn start(
    listener: Listener,
    service: Service,
    limits: Limits,
) -> (JoinHandle<()>, oneshot::Sender<()>) {
    let (stop, stopped) = oneshot::channel();
    let task = tokio::spawn(serve(listener, service, limits, async {
        let _sent_or_dropped = stopped.await;
    }));
    (task, stop)
}

/// A server on a port.
pub(crate) struct Listening {
    pub(crate) address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

impl Listening {
    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends bytes and reads until the server closes.
    pub(crate) async fn exchange(&self, bytes: &str) -> String {
        let mut stream = self.connect().await;
        stream.write_all(bytes.as_bytes()).await.unwrap();
        read_to_end(&mut stream).await
    }

    /// Tells the server to shut down, without waiting for it.
    pub(crate) fn stop(&mut self) {
        self.stop = None;
    }

    /// Waits until the server has shut down.
    pub(crate) async fn stopped(self) {
        patiently(self.task).await.unwrap();
    }
}

/// Reads until the other side closes. A connection that stays open fails the test.
pub(crate) async fn read_to_end(stream: &mut (impl tokio::io::AsyncRead + Unpin)) -> String {
    let mut bytes = Vec::new();
    patiently(stream.read_to_end(&mut bytes)).await.unwrap();
    String::from_utf8(bytes).unwrap()
}

/// Reads one answer with a body of the length it says, and leaves the connection open.
pub(crate) async fn read_answer(stream: &mut TcpStream) -> String {
    let mut text = String::new();
    while !text.contains("\r\n\r\n") {
        text.push(char::from(patiently(stream.read_u8()).await.unwrap()));
    }
    let length = text
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    patiently(stream.read_exact(&mut body)).await.unwrap();
    text + &String::from_utf8(body).unwrap()
}

/// Turns what would hang for ever into a failure. No test waits for this long when it passes.
pub(crate) async fn patiently<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(Duration::from_secs(60), future)
        .await
        .expect("nothing happened")
}

/// Connection limits that are over soon, for tests of what happens then.
pub(crate) fn short() -> Limits {
    let mut limits = Limits::new(100);
    limits.header_timeout = Duration::from_millis(50);
    limits.idle_timeout = Duration::from_millis(50);
    limits
}

/// Lets everybody pass except the clients with a part to play.
struct ScriptedPacer {
    arrived: Semaphore,
    released: Semaphore,
}

impl Default for ScriptedPacer {
    fn default() -> Self {
        Self {
            arrived: Semaphore::new(0),
            released: Semaphore::new(0),
        }
    }
}

#[async_trait::async_trait]
impl Pacer for ScriptedPacer {
    async fn admit(&self, key: &str) -> Result<Turn, LimitExceeded> {
        match key {
            PANICKING => panic!("syt_secret"),
            SLOW => {
                self.arrived.add_permits(1);
                self.released.acquire().await.unwrap().forget();
                Ok(Box::new(()))
            }
            "192.0.2.29" => Err(LimitExceeded {
                retry_after_ms: 2001,
            }),
            _ => Ok(Box::new(())),
        }
    }
}

/// The built-in templates.
fn pages() -> PageOptions {
    let server_name = ServerName::parse("example.org").unwrap();
    PageOptions::new(server_name, "https://example.org/_matrix/consent")
}

/// Tests say with a header which client is asking.
fn listener() -> ListenerOptions {
    ListenerOptions {
        forwarding: Forwarding::FromAnyone,
        ..ListenerOptions::default()
    }
}
