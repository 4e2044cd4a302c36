//! The layers that every request passes, from top to bottom.

use std::convert::Infallible;
use std::error::Error;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::BodyExt as _;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::Body;
use tower::util::BoxCloneSyncService;
use tower::{ServiceBuilder, service_fn};

use crate::app::App;
use crate::layer::admission::admission;
use crate::layer::body::body;
use crate::layer::cors::cors;
use crate::layer::date::date;
use crate::layer::deadline::deadline;
use crate::layer::head::head;
use crate::layer::measure::measure;
use crate::layer::request_id::request_id;
use crate::layer::rescue::rescue;
use crate::layer::trace::trace;
use crate::layer::{Answer, Inner, around};
use crate::options::ListenerOptions;
use crate::request::{ClientIp, Forwarding, Peer, Share};
use crate::response::Response;
use crate::router::{Route, Router, dispatch};

type BoxError = Box<dyn Error + Send + Sync>;
type BoxBody = UnsyncBoxBody<Bytes, BoxError>;

/// The API as a tower service. It never fails and is always ready.
///
/// It takes the client's address from the request extension [`Peer`], which [`serve`](crate::serve) sets.
#[derive(Clone)]
pub struct Service(BoxCloneSyncService<http::Request<BoxBody>, Response, Infallible>);

impl<B> tower::Service<http::Request<B>> for Service
where
    B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future =
        <BoxCloneSyncService<http::Request<BoxBody>, Response, Infallible> as tower::Service<
            http::Request<BoxBody>,
        >>::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        self.0
            .call(request.map(|body| body.map_err(Into::into).boxed_unsync()))
    }
}

/// Builds the stack of a listener over the routes of its resources.
pub(crate) fn build(app: &Arc<App>, routes: &[Route], options: ListenerOptions) -> Service {
    let router = Arc::new(Router::new(routes, &options.resources));
    let ListenerOptions {
        forwarding,
        request_id_header,
        ..
    } = options;
    let limits = &app.options;
    let (body_limit_bytes, request_timeout) = (limits.body_limit_bytes, limits.request_timeout);
    let (rooms, budget) = (Arc::clone(&app.rooms), Arc::clone(&app.budget));
    let monitor = limits.monitor.clone();
    let clock = Arc::clone(&app.services.clock);
    let endpoints = {
        let app = Arc::clone(app);
        service_fn(move |request| {
            let app = Arc::clone(&app);
            async move { Ok(dispatch(app, request).await) }
        })
    };
    let stack = ServiceBuilder::new()
        // The request gets its ID first, so that every log line has it.
        .layer(around(move |request, inner| {
            request_id(request_id_header.clone(), request, inner)
        }))
        // Every response gets a date.
        .layer(around(move |request, inner| {
            date(Arc::clone(&clock), request, inner)
        }))
        // The layers below need the client and the route.
        .layer(around(move |request, inner| {
            locate(Arc::clone(&router), forwarding.clone(), request, inner)
        }))
        // Responses of all layers below are counted.
        .layer(around(move |request, inner| {
            measure(monitor.clone(), request, inner)
        }))
        // The span covers everything that may log, and the log line is about the final response.
        .layer(around(trace))
        // Responses to `HEAD` have no body.
        .layer(around(head))
        // Web clients must be able to read the errors of all layers below, and `OPTIONS` is cheap.
        .layer(around(cors))
        // Panics of all layers below become responses that are logged and readable.
        .layer(around(rescue))
        // The deadline includes reading the body, or slow bodies would never end.
        .layer(around(move |request, inner| {
            deadline(request_timeout, request, inner)
        }))
        // The body is read even for unknown paths: closing a connection with unread data may discard the
        // response.
        .layer(around(move |request, inner| {
            body(body_limit_bytes, Arc::clone(&budget), request, inner)
        }))
        // A request counts as in progress once its body is complete, so that slow bodies take no slots.
        .layer(around(move |request, inner| {
            admission(Arc::clone(&rooms), request, inner)
        }))
        .service(endpoints);
    Service(BoxCloneSyncService::new(stack))
}

/// Determines the client's address and the route.
async fn locate<B>(
    router: Arc<Router>,
    forwarding: Forwarding,
    mut request: http::Request<B>,
    mut inner: impl Inner<B>,
) -> Answer {
    let peer = request.extensions().get().and_then(|Peer(ip)| *ip);
    let client_ip = forwarding.client_ip(peer, request.headers());
    let share = Share(forwarding.subscriber(peer, client_ip));
    let destination = router.find(request.uri().path());
    request.extensions_mut().insert(ClientIp(client_ip));
    request.extensions_mut().insert(share);
    request.extensions_mut().insert(destination);
    inner.call(request).await
}
