//! The layers of [`stack`](crate::stack): one async function each, which sees every request before
//! the layers below and every response after them.

pub(crate) mod admission;
pub(crate) mod body;
pub(crate) mod cors;
pub(crate) mod date;
pub(crate) mod deadline;
pub(crate) mod head;
pub(crate) mod measure;
pub(crate) mod request_id;
pub(crate) mod rescue;
pub(crate) mod trace;

use std::collections::HashMap;
use std::convert::Infallible;
use std::hash::Hash;
use std::task::{Context, Poll};

use tower::Service;
use tower::layer::{LayerFn, layer_fn};

use crate::response::Response;

/// The result of a layer. It never fails: failures are responses.
pub(crate) type Answer = Result<Response, Infallible>;

/// The layers below, for requests with a body `B`.
pub(crate) trait Inner<B>:
    Service<http::Request<B>, Response = Response, Error = Infallible, Future: Send> + Clone + Send
{
}

impl<B, S> Inner<B> for S where
    S: Service<http::Request<B>, Response = Response, Error = Infallible, Future: Send>
        + Clone
        + Send
{
}

/// Makes a tower layer of an async function that gets a request and the layers below.
pub(crate) fn around<F: Clone, S>(function: F) -> LayerFn<impl Fn(S) -> Around<F, S> + Clone> {
    layer_fn(move |inner| Around {
        function: function.clone(),
        inner,
    })
}

/// An async function around the layers below.
#[derive(Clone)]
pub(crate) struct Around<F, S> {
    function: F,
    inner: S,
}

impl<B, F, S, Fut> Service<http::Request<B>> for Around<F, S>
where
    F: Fn(http::Request<B>, S) -> Fut,
    S: Clone,
    Fut: Future<Output = Answer>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Fut;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        // Layers never wait before they accept a request: a busy one responds with an error.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> Fut {
        (self.function)(request, self.inner.clone())
    }
}

/// Releases memory of a map that has become much smaller.
pub(crate) fn shrink<K: Eq + Hash, V>(map: &mut HashMap<K, V>) {
    if map.capacity() > 64 && map.len() < map.capacity() / 8 {
        map.shrink_to(map.len() * 2);
    }
}
