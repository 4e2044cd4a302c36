//! An axum application with a route of its own, and account registration beside it.
//!
//! ```sh
//! cargo run --package registrar-http-hyper --example axum
//! curl http://127.0.0.1:8008/hello
//! curl 'http://127.0.0.1:8008/_matrix/client/v3/register/available?username=alice'
//! ```

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::middleware::map_request;
use axum::routing::get;
use registrar_domain::model::id::ServerName;
use registrar_domain::model::policy::Policy;
use registrar_domain::ports::Store;
use registrar_domain::ports::observer::NullObserver;
use registrar_domain::services::Services;
use registrar_http_hyper::{
    App, ListenerOptions, Options, PageOptions, Pages, Peer, Service, service,
};
use registrar_runtime::{HashingOptions, Runtime};
use registrar_testkit::FakeStore;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let router = router(Arc::new(FakeStore::default()))?;
    let listener = TcpListener::bind("127.0.0.1:8008").await?;
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service).await?;
    Ok(())
}

/// The application's own routes, and the registration API for all other paths.
pub(crate) fn router(store: Arc<dyn Store>) -> Result<Router, Box<dyn Error>> {
    Ok(Router::new()
        .route("/hello", get(|| async { "Hello!" }))
        .fallback_service(registration(store)?)
        .layer(map_request(add_peer)))
}

/// The registration API over a database.
fn registration(store: Arc<dyn Store>) -> Result<Service, Box<dyn Error>> {
    let server_name = ServerName::parse("example.org")?;
    let mut policy = Policy::new(server_name.clone(), "https://matrix.example.org/");
    policy.registration.enabled = true;

    let runtime = Runtime::start(HashingOptions::default(), Arc::new(NullObserver))?;
    let services = Services::new(runtime.ports(store), policy);
    let pages = PageOptions::new(server_name, "https://example.org/terms");
    let pages = Pages::new(pages).expect("the built-in templates are valid");
    let app = App::new(services, pages, Options::default());
    Ok(service(&app, ListenerOptions::default()))
}

/// Rate limits are per client, so the service needs the address of the client.
async fn add_peer(ConnectInfo(address): ConnectInfo<SocketAddr>, mut request: Request) -> Request {
    request.extensions_mut().insert(Peer(Some(address.ip())));
    request
}
